namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>The repository that this program was built in.</summary>
internal static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    private static string Find()
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
