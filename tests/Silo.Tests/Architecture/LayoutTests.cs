using System.Text.RegularExpressions;

namespace OrleansMetrics.Silo.Tests.Architecture;

public sealed partial class LayoutTests
{
    private static readonly string[] Banned = ["Common", "Shared", "Utils", "Helpers", "Misc", "Core", "Internal", "Managers"];

    [Fact]
    public void Namespaces_are_folder_paths()
    {
        var checkedFiles = 0;
        var wrong = new List<string>();
        foreach (var (folder, project) in Repository.Projects("src", "tests", "samples", "benchmarks"))
        {
            var root = Path.GetFileNameWithoutExtension(project);
            foreach (var file in Repository.Sources(folder))
            {
                var path = Path.GetRelativePath(folder, Path.GetDirectoryName(file)!);
                var expected = path == "." ? root : $"{root}.{path.Replace(Path.DirectorySeparatorChar, '.')}";
                var match = NamespaceLine().Match(File.ReadAllText(file));
                checkedFiles++;
                if (match.Success ? match.Groups[1].Value != expected : Path.GetFileName(file) is not ("Program.cs" or "AssemblyInfo.cs"))
                {
                    wrong.Add($"{Path.GetRelativePath(Repository.Root, file)}: {(match.Success ? match.Groups[1].Value : "no file-scoped namespace")} instead of {expected}");
                }
            }
        }

        Assert.True(checkedFiles > 150, $"Only {checkedFiles} files were found.");
        Assert.Empty(wrong);
    }

    [Fact]
    public void Projects_are_named_after_their_folders() => Assert.All(
        Repository.Projects("src", "tests", "samples"),
        static found => Assert.Equal($"OrleansMetrics.{Path.GetFileName(found.Folder)}", Path.GetFileNameWithoutExtension(found.Project)));

    [Fact]
    public void Folder_names_say_what_is_inside() => Assert.Empty(
        Repository.Projects("src", "tests", "samples", "benchmarks")
            .SelectMany(static found => Repository.Sources(found.Folder))
            .SelectMany(static file => Path.GetDirectoryName(Path.GetRelativePath(Repository.Root, file))!.Split(Path.DirectorySeparatorChar))
            .Intersect(Banned, StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("OrleansMetrics.sln").Replace('\\', '/');
        Assert.All(
            Repository.Projects("src", "tests", "samples", "benchmarks"),
            found => Assert.Contains(Path.GetRelativePath(Repository.Root, found.Project).Replace('\\', '/'), solution, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
