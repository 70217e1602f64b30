using OrleansMetrics.Silo.Tests.Architecture;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace OrleansMetrics.Topology.Deployment;

/// <summary>docker-compose.yml, with what it merges.</summary>
internal sealed class ComposeFile
{
    private readonly Dictionary<object, object> _root = Read();

    /// <summary>Services by name.</summary>
    public IReadOnlyDictionary<string, Dictionary<object, object>> Services => Section("services")
        .ToDictionary(static service => (string)service.Key, static service => (Dictionary<object, object>)service.Value);

    /// <summary>A section of the file; empty when there is none.</summary>
    public Dictionary<object, object> Section(string name) => _root.GetValueOrDefault(name) as Dictionary<object, object> ?? [];

    /// <summary>The silos and gateways.</summary>
    public IReadOnlyDictionary<string, Dictionary<object, object>> Nodes => Services
        .Where(static service => service.Key.StartsWith("silo-", StringComparison.Ordinal) || service.Key.StartsWith("gateway-", StringComparison.Ordinal))
        .ToDictionary();

    /// <summary>The strings of a list.</summary>
    public static IReadOnlyList<string> List(Dictionary<object, object> service, string name) =>
        (service.GetValueOrDefault(name) as List<object> ?? []).ConvertAll(static item => (string)item);

    /// <summary>A map of a service; empty when it has none.</summary>
    public static Dictionary<object, object> Map(Dictionary<object, object> service, string name) =>
        service.GetValueOrDefault(name) as Dictionary<object, object> ?? [];

    private static Dictionary<object, object> Read() => new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(
        new MergingParser(new Parser(new StringReader(Repository.Read("docker-compose.yml")))));
}
