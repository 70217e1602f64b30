using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;

namespace OrleansMetrics.Cli.Demo;

/// <summary><c>demo</c>: the reference scenario, with a node in this process or against a running one.</summary>
internal static class DemoCommand
{
    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var command = new Command("demo", "Runs the reference scenario: 20,000 points from four producers, aggregated and checked. With --node it uses that node.");
        command.SetAction(async (arguments, cancellationToken) =>
        {
            await using var running = await StartAsync(services, node, arguments, cancellationToken);
            return await new DemoRun(services, running).RunAsync(cancellationToken);
        });
        return new CommandDefinition(command, ["demo", "demo --node http://127.0.0.1:8080"]);
    }

    private static Task<RunningNode> StartAsync(CliServices services, NodeOption node, ParseResult arguments, CancellationToken cancellationToken)
    {
        if (node.IsGiven(arguments))
        {
            return Task.FromResult<RunningNode>(new ExternalNode(node.Address(arguments)));
        }
        return services.StartNode is { } start
            ? start(cancellationToken)
            : throw new CliFailureException("demo: this build has no node of its own; name a running one with --node URL.", ExitCode.Usage);
    }
}
