using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using OrleansMetrics.Cli.Stats;

namespace OrleansMetrics.Cli.Verify;

/// <summary><c>verify</c>: whether every accepted point is accounted for.</summary>
internal static class VerifyCommand
{
    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var settle = ArgumentValues.DurationOption(
            "--settle", "Wait this long at most until nothing is in flight, for a node that restarts, too; 0s: judge at once.", TimeSpan.Zero, TimeSpan.Zero);
        var command = new Command(
            "verify",
            "Checks that accepted = processed + dropped + in flight, in every partition and in the cluster. Exit code 0: it is so (with --settle: and nothing is in "
            + "flight); 1: it is not; 2: it could not be checked.")
        {
            settle,
        };
        command.SetAction((arguments, cancellationToken) => RunAsync(services, node.Connect(arguments), arguments.GetValue(settle), cancellationToken));
        return new CommandDefinition(command, ["verify", "verify --settle 30s --node http://10.0.0.5:8080"]);
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, TimeSpan settle, CancellationToken cancellationToken)
    {
        using var node = client;
        var unsettled = settle > TimeSpan.Zero ? await Settling.WaitAsync(node, 0, settle, services.Time, cancellationToken) : null;
        var stats = await ReadAsync(node, cancellationToken);
        services.Console.Write(PartitionTable.Render(stats, services.Interactive));
        if (Balance.Failure(stats) is { } failure)
        {
            throw new CliFailureException(failure);
        }
        if (unsettled is not null && stats.Cluster.InFlight > 0)
        {
            throw new CliFailureException($"balanced, but not at rest: {unsettled}");
        }
        await services.Output.WriteLineAsync(
            $"balanced: {Numbers.Format(stats.Cluster.Accepted)} points accepted, {Numbers.Format(stats.Cluster.Processed)} processed, "
            + $"{Numbers.Format(stats.Cluster.AllDropped)} dropped, {Numbers.Format(stats.Cluster.InFlight)} in flight");
        return ExitCode.Ok;
    }

    /// <summary>A ledger that cannot be read is not an unbalanced one.</summary>
    private static async Task<StatsAnswer> ReadAsync(NodeClient node, CancellationToken cancellationToken)
    {
        try
        {
            return await node.GetStatsAsync(cancellationToken);
        }
        catch (CliFailureException failure)
        {
            throw new CliFailureException(failure.Message, ExitCode.Unknown, failure);
        }
    }
}
