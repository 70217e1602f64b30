using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Topology.Deployment;

public sealed class DockerfileTests
{
    [Theory]
    [InlineData("Silo")]
    [InlineData("Gateway")]
    public void Packages_are_restored_from_project_files_alone_and_from_all_of_them(string project)
    {
        var file = Repository.Read($"src/{project}/Dockerfile");
        var restore = file.IndexOf("RUN dotnet restore", StringComparison.Ordinal);
        var sources = file.IndexOf("COPY src/ src/", StringComparison.Ordinal);
        Assert.InRange(restore, 0, sources);
        var copied = Regex.Matches(file[..restore], @"(?m)^COPY src/([\w.]+)/\*\.csproj src/\1/$").Select(static copy => copy.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(ProjectsOf(project, []).Order(StringComparer.Ordinal), copied);
        Assert.Contains("COPY global.json Directory.Build.props Directory.Packages.props ./", file[..restore], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Silo")]
    [InlineData("Gateway")]
    public void The_image_has_no_shell_no_rights_and_checks_itself(string project)
    {
        var file = Repository.Read($"src/{project}/Dockerfile");
        var last = file[file.LastIndexOf("\nFROM ", StringComparison.Ordinal)..];
        Assert.Contains("-chiseled", last, StringComparison.Ordinal);
        Assert.Contains("USER $APP_UID", last, StringComparison.Ordinal);
        Assert.Contains($"CMD [\"dotnet\", \"/app/OrleansMetrics.{project}.dll\", \"probe\"]", last, StringComparison.Ordinal);
        Assert.DoesNotContain("RUN ", last, StringComparison.Ordinal);
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"/app/OrleansMetrics.{project}.dll\"]", last, StringComparison.Ordinal);
    }

    private static HashSet<string> ProjectsOf(string project, HashSet<string> found)
    {
        if (found.Add(project))
        {
            var references = XDocument.Parse(Repository.Read($"src/{project}/OrleansMetrics.{project}.csproj")).Descendants("ProjectReference");
            foreach (var reference in references)
            {
                ProjectsOf(reference.Attribute("Include")!.Value.Split('\\')[1], found);
            }
        }

        return found;
    }
}
