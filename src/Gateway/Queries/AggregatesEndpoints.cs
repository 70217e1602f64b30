using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The current aggregates of one metric.</summary>
internal static class AggregatesEndpoints
{
    /// <summary>Series of one grain call.</summary>
    public const int PageSeries = 250;

    /// <summary>Series of an answer when the client does not say.</summary>
    public const int DefaultLimit = 1_000;

    /// <summary>Most series of an answer.</summary>
    public const int MaxLimit = 100_000;

    private static readonly string[] CurrentParameters = ["limit", "after"];

    /// <summary>Every series with its total, its open windows and the final ones that are retained.</summary>
    public static Task<IResult> GetCurrent(string metric, HttpContext context, IGrainFactory grains)
    {
        var parameters = new QueryParameters(context.Request.QueryString, CurrentParameters, takesTags: true);
        var name = MetricName.Read(context, metric, segmentsAfter: 0);
        return Answer(name, parameters, new AggregatesQuery(), grains, context.RequestAborted);
    }

    private static async Task<IResult> Answer(
        string metric, QueryParameters parameters, AggregatesQuery query, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var limit = parameters.Count("limit", DefaultLimit, MaxLimit);
        var after = parameters.Text("after");
        if (parameters.Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        if (!MetricName.IsPossible(metric))
        {
            return QueryProblems.UnknownMetric(metric);
        }

        var grain = grains.GetGrain<IAggregatorGrain>(metric);
        query = query with { Tags = parameters.Tags, Limit = Math.Min(PageSeries, limit), After = after };
        MetricAggregates? first;
        try
        {
            first = await grain.GetAggregates(query, cancellationToken);
        }
        catch (ArgumentException) when (after is not null)
        {
            // Everything else in the query has been checked here.
            return QueryProblems.InvalidParameter(new ParameterError("after", after, "the value of next in an earlier answer for this metric"));
        }

        return first is null
            ? QueryProblems.UnknownMetric(metric)
            : new StreamedAnswer((stream, token) => Write(stream, grain, query, first, limit, token));
    }

    private static async Task Write(
        JsonStream stream,
        IAggregatorGrain grain,
        AggregatesQuery query,
        MetricAggregates page,
        int limit,
        CancellationToken cancellationToken)
    {
        var json = stream.Writer;
        json.WriteStartObject();
        json.WriteString("metric"u8, page.Metric);
        json.WriteString("kind"u8, page.Kind.Name());
        json.WriteStartArray("series"u8);
        for (var written = 0; ;)
        {
            foreach (var series in page.Series)
            {
                AggregatesJson.WriteSeries(json, series, page.Kind);
                await stream.FlushWhenLargeAsync(cancellationToken);
            }

            written += page.Series.Length;
            if (page.Next is null || written >= limit)
            {
                break;
            }

            await stream.FlushAsync(cancellationToken);
            query = query with { Limit = Math.Min(PageSeries, limit - written), After = page.Next };
            page = await grain.GetAggregates(query, cancellationToken)
                ?? throw new InvalidOperationException($"The metric '{page.Metric}' was not found any more in the middle of its series.");
        }

        json.WriteEndArray();
        json.WriteString("next"u8, page.Next);
        json.WriteEndObject();
    }
}
