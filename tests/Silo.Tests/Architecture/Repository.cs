namespace OrleansMetrics.Silo.Tests.Architecture;

/// <summary>The repository that these tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Folders below <paramref name="folder"/> that have a project, with the project's file.</summary>
    public static IEnumerable<(string Folder, string Project)> Projects(params string[] folders) =>
        from folder in folders
        let path = Path.Combine(Root, folder)
        where Directory.Exists(path)
        from project in Directory.EnumerateFiles(path, "*.csproj", SearchOption.AllDirectories)
        select (Path.GetDirectoryName(project)!, project);

    /// <summary>Source files of a project, without what the build makes.</summary>
    public static IEnumerable<string> Sources(string projectFolder) => Directory.EnumerateFiles(projectFolder, "*.cs", SearchOption.AllDirectories)
        .Where(file => Path.GetRelativePath(projectFolder, file).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "OrleansMetrics.sln")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No OrleansMetrics.sln above {AppContext.BaseDirectory}.");
    }
}
