using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Demo;

namespace OrleansMetrics.Cli.Tests.CommandLine;

/// <summary>Runs the tool as a shell would and keeps what it said.</summary>
internal sealed record Cli(int ExitCode, string Output, string Error)
{
    public static Task<Cli> RunAsync(params string[] args) => RunAsync(null, args);

    public static Task<Cli> AtAsync(Uri node, params string[] args) => RunAsync(null, [.. args, "--node", node.ToString()]);

    public static async Task<Cli> RunAsync(
        Func<CancellationToken, Task<RunningNode>>? startNode, string[] args, string? environmentNode = null, CancellationToken cancellationToken = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var services = new CliServices(output, error)
        {
            StartNode = startNode,
            Environment = name => name == NodeOption.Variable ? environmentNode : null,
        };
        var exitCode = await CliApplication.RunAsync(args, services, cancellationToken);
        return new Cli(exitCode, output.ToString(), error.ToString());
    }
}
