using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Topology.Deployment;

/// <summary>deploy/cluster.env.</summary>
internal static class SettingsFile
{
    public const string Path = "deploy/cluster.env";

    /// <summary>Its settings by name, as the environment has them.</summary>
    public static IReadOnlyDictionary<string, string> Read() => Repository.Read(Path).Split('\n')
        .Where(static line => line.Length > 0 && line[0] != '#')
        .Select(static line => line.Split('=', 2))
        .ToDictionary(static parts => parts[0], static parts => parts[1]);
}
