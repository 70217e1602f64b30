using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Watch;

/// <summary><c>watch</c>: a metric's series as they change, until Ctrl-C.</summary>
internal static class WatchCommand
{
    private sealed record Request(QueryPath Path, string Metric, TimeSpan Interval, long Count);

    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var metric = new Argument<string>("METRIC") { Description = "The metric to watch." };
        var tags = ArgumentValues.TagOption("Only series that have this tag; may be repeated.");
        var interval = ArgumentValues.DurationOption("--interval", "Time between two readings.", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100));
        var limit = ArgumentValues.NumberOption("--limit", "Most series to show.", 25, 1, NodeClient.MaxSeriesPage);
        var count = ArgumentValues.NumberOption("--count", "End after this many readings; 0: never.", 0, 0, long.MaxValue);
        var command = new Command("watch", "Shows a metric live, with a sparkline of the last windows' means.") { metric, tags, interval, limit, count };
        command.SetAction((arguments, cancellationToken) =>
        {
            var name = arguments.GetValue(metric)!;
            var path = new QueryPath("api", "metrics", name).WithTags(arguments.GetValue(tags)!).With("limit", arguments.GetValue(limit));
            return RunAsync(
                services, node.Connect(arguments), new Request(path, name, arguments.GetValue(interval), arguments.GetValue(count)), cancellationToken);
        });
        return new CommandDefinition(command, ["watch cpu_usage_user", "watch cpu_usage_user --tag cpu=cpu-total --interval 2s"]);
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, Request request, CancellationToken cancellationToken)
    {
        using var node = client;
        // The first reading decides whether there is a node at all; later failures are shown and overcome.
        var view = new WatchView(request.Metric);
        view.Update(await node.GetMetricAsync(request.Path, cancellationToken));
        try
        {
            if (services.Interactive)
            {
                await services.Console.Live(view.Render(interactive: true)).StartAsync(context => ReadAsync(services, node, request, view, () =>
                {
                    context.UpdateTarget(view.Render(interactive: true));
                }, cancellationToken));
            }
            else
            {
                await ReadAsync(services, node, request, view, () => services.Console.Write(view.Render(interactive: false)), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how watching ends.
        }
        return ExitCode.Ok;
    }

    private static async Task ReadAsync(
        CliServices services, NodeClient node, Request request, WatchView view, Action show, CancellationToken cancellationToken)
    {
        show();
        using var timer = new PeriodicTimer(request.Interval, services.Time);
        for (var reading = 1L; request.Count == 0 || reading < request.Count; reading++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            try
            {
                view.Update(await node.GetMetricAsync(request.Path, cancellationToken));
            }
            catch (CliFailureException failure)
            {
                view.Fail(failure.Message);
            }
            show();
        }
    }
}
