using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Demo;

/// <summary>Runs the reference scenario against a node and judges the outcome.</summary>
internal sealed class DemoRun(CliServices services, RunningNode running)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(30);

    private DemoProducer[] _producers = [];
    private Ledger _before = new();

    /// <summary>Sends, waits, shows, stops. Exit code 0 only if exactly the scenario's points were processed.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var node = new NodeClient(running.Address);
        _before = (await node.GetStatsAsync(cancellationToken)).Cluster;
        var aggregatesBefore = await DemoAggregates.ReadAsync(node, cancellationToken);
        await services.Output.WriteLineAsync(
            $"{DemoScenario.Producers} producers, {Numbers.Format(DemoScenario.PointsPerProducer)} points each, to {running.Address}");
        _producers = [.. Enumerable.Range(0, DemoScenario.Producers).Select(number => new DemoProducer(number, node, services.Time))];

        await ProduceAsync(node, cancellationToken);
        if (await Settling.WaitAsync(node, _before.Accepted + DemoScenario.TotalPoints, SettleTime, services.Time, cancellationToken) is { } unsettled)
        {
            await services.Error.WriteLineAsync("warning: " + PlainText.Printable(unsettled));
        }
        var aggregates = await DemoAggregates.ReadAsync(node, cancellationToken);
        services.Console.Write(aggregates.Render(services.Interactive));

        var final = await running.StopAsync(cancellationToken);
        var processed = final.Processed - _before.Processed;
        await services.Output.WriteLineAsync(
            $"final statistics: received {Numbers.Format(final.Received - _before.Received)}, accepted {Numbers.Format(final.Accepted - _before.Accepted)}, "
            + $"processed {Numbers.Format(processed)}, late {final.Late - _before.Late}, rejected {final.Rejected - _before.Rejected.Values.Sum()}, "
            + $"in flight {final.InFlight}, flushes {final.Flushes}, errors {final.Errors}");

        var differences = aggregates.DifferencesFromScenario(aggregatesBefore).ToArray();
        foreach (var difference in differences)
        {
            await services.Error.WriteLineAsync("differs: " + PlainText.Printable(difference));
        }
        if (processed != DemoScenario.TotalPoints)
        {
            throw new CliFailureException($"{processed} points processed instead of {DemoScenario.TotalPoints}");
        }
        return differences.Length == 0
            ? ExitCode.Ok
            : throw new CliFailureException($"the aggregates of {differences.Length} series are not those of the scenario");
    }

    private async Task ProduceAsync(NodeClient node, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var producing = Task.WhenAll(_producers.Select(producer => producer.RunAsync(stop.Token)));
        try
        {
            if (services.Interactive)
            {
                await services.Console.Live(Render(_before)).StartAsync(async context =>
                {
                    while (!producing.IsCompleted)
                    {
                        await Task.WhenAny(producing, Task.Delay(Refresh, services.Time, cancellationToken));
                        context.UpdateTarget(Render((await node.GetStatsAsync(cancellationToken)).Cluster));
                    }
                });
            }
        }
        catch (Exception)
        {
            // The display failed, and the demo with it: producers must not outlive it.
            await stop.CancelAsync();
            await Task.WhenAny(producing);
            throw;
        }
        await producing;
        if (!services.Interactive)
        {
            services.Console.Write(Render((await node.GetStatsAsync(cancellationToken)).Cluster));
        }
    }

    private Table Render(Ledger now)
    {
        var table = PlainText.Table(services.Interactive, "producer", ">sent", ">of");
        for (var i = 0; i < _producers.Length; i++)
        {
            table.AddRow(
                PlainText.Cell(DemoScenario.Host(i)), PlainText.Cell(Numbers.Format(_producers[i].Sent)), PlainText.Cell(Numbers.Format(DemoScenario.PointsPerProducer)));
        }
        table.AddRow(PlainText.Cell("accepted"), PlainText.Cell(Numbers.Format(now.Accepted - _before.Accepted)), PlainText.Cell(Numbers.Format(DemoScenario.TotalPoints)));
        table.AddRow(PlainText.Cell("processed"), PlainText.Cell(Numbers.Format(now.Processed - _before.Processed)), PlainText.Cell(Numbers.Format(DemoScenario.TotalPoints)));
        return table;
    }
}
