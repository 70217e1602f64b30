using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The metrics of the cluster.</summary>
internal static class CatalogueEndpoint
{
    /// <summary>Metrics of one grain call.</summary>
    public const int PageMetrics = 1_000;

    private static readonly string[] Parameters = ["match", "limit", "after"];

    /// <summary>Metrics in order of their names.</summary>
    public static async Task<IResult> ListMetrics(HttpContext context, IGrainFactory grains)
    {
        var parameters = new QueryParameters(context.Request.QueryString, Parameters, takesTags: false);
        var limit = parameters.Count("limit", AggregatesEndpoints.DefaultLimit, AggregatesEndpoints.MaxLimit);
        if (parameters.Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        var grain = grains.GetGrain<ICatalogueGrain>(0);
        var query = new CatalogueQuery
        {
            Match = parameters.Text("match"), Limit = Math.Min(PageMetrics, limit), After = parameters.Text("after"),
        };
        var first = await grain.ListMetrics(query, context.RequestAborted);
        return new StreamedAnswer((stream, token) => Write(stream, grain, query, first, limit, token));
    }

    private static async Task Write(
        JsonStream stream, ICatalogueGrain grain, CatalogueQuery query, MetricPage page, int limit, CancellationToken cancellationToken)
    {
        var json = stream.Writer;
        json.WriteStartObject();
        json.WriteStartArray("metrics"u8);
        for (var written = 0; ;)
        {
            foreach (var metric in page.Metrics)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, metric.Name);
                json.WriteString("kind"u8, metric.Kind.Name());
                json.WriteNumber("series"u8, metric.Series);
                json.WriteNumber("points"u8, metric.Points);
                json.WriteNumber("historyBytes"u8, metric.HistoryBytes);
                json.WriteEndObject();
                await stream.FlushWhenLargeAsync(cancellationToken);
            }

            written += page.Metrics.Length;
            if (page.Next is null || written >= limit)
            {
                break;
            }

            await stream.FlushAsync(cancellationToken);
            query = query with { Limit = Math.Min(PageMetrics, limit - written), After = page.Next };
            page = await grain.ListMetrics(query, cancellationToken);
        }

        json.WriteEndArray();
        json.WriteString("next"u8, page.Next);
        json.WriteEndObject();
    }
}
