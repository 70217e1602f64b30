using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Stats;

/// <summary><c>stats</c>: the ledger of points.</summary>
internal static class StatsCommand
{
    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var json = new Option<bool>("--json") { Description = "Print the node's answer as JSON." };
        var command = new Command("stats", "Shows where every point went; exit code 1 when the ledger does not balance.") { json };
        command.SetAction((arguments, cancellationToken) => RunAsync(services, node.Connect(arguments), arguments.GetValue(json), cancellationToken));
        return new CommandDefinition(command, ["stats", "stats --json --node http://10.0.0.5:8080"]);
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, bool json, CancellationToken cancellationToken)
    {
        using var node = client;
        StatsAnswer stats;
        if (json)
        {
            using var document = await node.GetDocumentAsync(new QueryPath("api", "stats"), cancellationToken)
                ?? throw new CliFailureException($"{node.Address} has no /api/stats: is it an OrleansMetrics node?");
            stats = StatsAnswer.Read(document.RootElement);
            await services.Output.WriteLineAsync(document.RootElement.GetRawText());
        }
        else
        {
            stats = await node.GetStatsAsync(cancellationToken);
            services.Console.Write(LedgerTable.Render(stats, services.Interactive));
        }
        return Balance.Failure(stats) is { } failure ? throw new CliFailureException(failure) : ExitCode.Ok;
    }
}
