using System.CommandLine;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.CommandLine;

/// <summary>Which builds of the node are measured, and with which settings.</summary>
internal sealed class NodeSelection
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private readonly Option<string[]> _nodes = new("--node")
    {
        Description = "Measure another build of the node, such as before=/path/OrleansMetrics.Silo.dll, or one with settings of its own: off=;History:Enabled=false. May be repeated. Default file: that of src/Silo.",
        HelpName = "NAME=[FILE][;KEY=VALUE…]",
    };

    private readonly Option<string[]> _settings = new("--set") { Description = "A setting of the nodes, such as Flush:Interval=00:00:02; may be repeated.", HelpName = "KEY=VALUE" };

    /// <summary>The options.</summary>
    public IEnumerable<Option> Options => [_nodes, _settings];

    /// <summary>The nodes to measure, with settings added.</summary>
    public IReadOnlyList<NodeProgram> Read(ParseResult arguments, params string[] settings)
    {
        string[] all = [.. arguments.GetValue(_settings) ?? [], .. settings];
        var nodes = arguments.GetValue(_nodes) ?? [];
        return nodes.Length == 0 ? [Node("node", "", all)] : [.. nodes.Select(node => node.Split('=', 2)).Select(parts => Node(parts[0], parts[^1], all))];
    }

    private static NodeProgram Node(string name, string program, string[] settings)
    {
        var parts = program.Split(';');
        return new NodeProgram(name, parts[0].Length > 0 ? Path.GetFullPath(parts[0]) : NodeProgram.BuiltAssembly(Configuration), [.. settings, .. parts[1..]]);
    }
}
