using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Query;

/// <summary><c>query</c>: the aggregates of a metric, or the list of metrics.</summary>
internal static class QueryCommand
{
    private const int CataloguePage = 1_000;

    private sealed record Request(
        string? Metric, string? Match, KeyValuePair<string, string>[] Tags, bool Windows, DateTimeOffset? From, DateTimeOffset? To, bool Json, long Limit);

    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var metric = new Argument<string?>("METRIC") { Description = "The metric to show; without it the metrics are listed.", Arity = ArgumentArity.ZeroOrOne };
        var match = new Option<string?>("--match") { Description = "List only metrics whose names match: * any run of characters, ? one.", HelpName = "GLOB" };
        var tags = ArgumentValues.TagOption("Only series that have this tag; may be repeated.");
        var windows = new Option<bool>("--windows") { Description = "Show every closed window instead of the latest one." };
        var from = ArgumentValues.InstantOption("--from", "With --windows: only windows that end after this time.", services.Time);
        var to = ArgumentValues.InstantOption("--to", "With --windows: only windows that start before this time.", services.Time);
        var json = new Option<bool>("--json") { Description = "Print the node's answer as one JSON document." };
        var limit = ArgumentValues.NumberOption("--limit", "Most series (or metrics) to show.", 100, 1, 1_000_000);
        var command = new Command("query", "Shows the series of a metric: totals, the latest window, quantiles.") { metric, match, tags, windows, from, to, json, limit };
        command.SetAction((arguments, cancellationToken) =>
        {
            var request = new Request(
                arguments.GetValue(metric), arguments.GetValue(match), arguments.GetValue(tags)!, arguments.GetValue(windows),
                arguments.GetValue(from), arguments.GetValue(to), arguments.GetValue(json), arguments.GetValue(limit));
            return Contradiction(request) is { } contradiction
                ? throw new CliFailureException(contradiction, ExitCode.Usage)
                : RunAsync(services, node.Connect(arguments), request, cancellationToken);
        });
        return new CommandDefinition(command,
        [
            "query", "query --match 'cpu*'", "query cpu_usage_user --tag host=server-0",
            "query cpu_usage_user --windows --from 15m", "query net_rx --json --limit 10000 | jq '.series[].total'",
        ]);
    }

    private static string? Contradiction(Request request)
    {
        if (request.Metric is null && (request.Windows || request.Tags.Length > 0))
        {
            return "--tag and --windows need a METRIC.";
        }
        if (request.Metric is not null && request.Match is not null)
        {
            return "--match lists metrics and takes no METRIC.";
        }
        return !request.Windows && (request.From ?? request.To) is not null ? "--from and --to need --windows." : null;
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, Request request, CancellationToken cancellationToken)
    {
        using var node = client;
        if (request.Json)
        {
            return await PrintJsonAsync(services, node, request, cancellationToken);
        }
        return request.Metric is null
            ? await ListAsync(services, node, request, cancellationToken)
            : await ShowAsync(services, node, request, cancellationToken);
    }

    private static async Task<int> ListAsync(CliServices services, NodeClient node, Request request, CancellationToken cancellationToken)
    {
        var metrics = new List<CatalogueEntry>();
        string? after = null;
        do
        {
            var page = await node.GetCatalogueAsync(PathOf(request, request.Limit - metrics.Count, after), cancellationToken);
            metrics.AddRange(page.Metrics);
            after = page.Next;
        }
        while (after is not null && metrics.Count < request.Limit);
        services.Console.Write(CatalogueTable.Render(metrics, services.Interactive));
        await NoteRestAsync(services, after, "metrics", request.Limit);
        return ExitCode.Ok;
    }

    private static async Task<int> ShowAsync(CliServices services, NodeClient node, Request request, CancellationToken cancellationToken)
    {
        var series = new List<SeriesAnswer>();
        MetricAnswer? page;
        string? after = null;
        do
        {
            page = await node.GetMetricAsync(PathOf(request, request.Limit - series.Count, after), cancellationToken) ?? throw Unknown(request);
            series.AddRange(page.Series);
            after = page.Next;
        }
        while (after is not null && series.Count < request.Limit);
        services.Console.Write(SeriesTable.Render(series, request.Windows, services.Interactive));
        await NoteRestAsync(services, after, "series", request.Limit);
        return ExitCode.Ok;
    }

    /// <summary>Prints the answers of all pages as one: the first page with the series (or metrics) of the others appended.</summary>
    private static async Task<int> PrintJsonAsync(CliServices services, NodeClient node, Request request, CancellationToken cancellationToken)
    {
        var list = request.Metric is null ? "metrics" : "series";
        JsonObject? whole = null;
        string? after = null;
        var shown = 0;
        do
        {
            using var document = await node.GetDocumentAsync(PathOf(request, request.Limit - shown, after), cancellationToken) ?? throw Unknown(request);
            var page = JsonObject.Create(document.RootElement.Clone()) ?? throw new CliFailureException($"{node.Address} gave an answer that is not an object");
            after = (string?)page["next"];
            shown += (page[list] as JsonArray)?.Count ?? 0;
            if (whole is null)
            {
                whole = page;
                continue;
            }
            if (page[list] is JsonArray more && whole[list] is JsonArray all)
            {
                foreach (var item in more)
                {
                    all.Add(item?.DeepClone());
                }
            }
            whole["next"] = after;
        }
        while (after is not null && shown < request.Limit);
        await services.Output.WriteLineAsync(whole.ToJsonString());
        return ExitCode.Ok;
    }

    private static QueryPath PathOf(Request request, long remaining, string? after)
    {
        if (request.Metric is null)
        {
            return new QueryPath("api", "metrics").With("match", request.Match).With("limit", Math.Min(remaining, CataloguePage)).With("after", after);
        }
        string[] segments = request.Windows ? ["api", "metrics", request.Metric, "windows"] : ["api", "metrics", request.Metric];
        return new QueryPath(segments)
            .WithTags(request.Tags)
            .With("from", request.From)
            .With("to", request.To)
            .With("limit", Math.Min(remaining, NodeClient.MaxSeriesPage))
            .With("after", after);
    }

    private static CliFailureException Unknown(Request request) => new(
        request.Metric is null ? "the node has no /api/metrics: is it an OrleansMetrics node?" : $"the node knows no metric '{request.Metric}'");

    private static async Task NoteRestAsync(CliServices services, string? after, string what, long limit)
    {
        if (after is not null)
        {
            await services.Error.WriteLineAsync($"note: there are more than {limit} {what}; --limit shows more");
        }
    }
}
