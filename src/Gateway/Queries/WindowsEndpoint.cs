using System.Globalization;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The windows of a metric in a range of time, as JSON, or as CSV when <c>Accept</c> prefers that.</summary>
internal static class WindowsEndpoint
{
    private static readonly string[] Parameters = ["from", "to", "step", "agg", "groupBy", "limit", "after"];
    private const int WindowsPerBatch = 8_192;
    private const int MaxSeriesPerBatch = 250;
    private static readonly TimeSpan ShortestLikely = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultRange = TimeSpan.FromHours(1);

    /// <summary>Every series, or group of series, with its windows of a range.</summary>
    public static async Task<IResult> Get(string metric, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var parameters = new QueryParameters(context.Request.QueryString, Parameters, takesTags: true);
        var name = MetricName.Read(context, metric, segmentsAfter: 1);
        var members = WindowMembers.Read(parameters);
        var query = ReadQuery(parameters, members, time.GetUtcNow());
        if (parameters.Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        var cancellationToken = context.RequestAborted;
        if (!MetricName.IsPossible(name) || await grains.GetGrain<IAggregatorGrain>(name).GetAggregates(new AggregatesQuery { Limit = 1 }, cancellationToken) is not { } known)
        {
            return QueryProblems.UnknownMetric(name);
        }

        if (members.MissingOf(known.Kind) is { } missing)
        {
            return QueryProblems.OutOfRange($"The metric is a {known.Kind.Name()}, which has no {missing.Name}.");
        }

        // One more than asked for says whether there is another page.
        var limit = query.Limit;
        var asked = query with { Limit = Math.Min(limit + 1, RangeQuery.MaxLimit) };
        var batch = SeriesPerBatch(query);
        var series = new ReadAhead<SeriesRange>(grains.GetGrain<IHistoryGrain>(name).Query(asked, cancellationToken).WithBatchSize(batch), batch, cancellationToken);
        var answer = new WindowsAnswer(known, query, members, limit, series);
        try
        {
            // What is wrong with the query comes with the first series.
            await answer.ReadFirstAsync();
        }
        catch (ArgumentException exception)
        {
            await series.DisposeAsync();
            return QueryProblems.OutOfRange(exception.Message);
        }
        catch
        {
            await series.DisposeAsync();
            throw;
        }

        return WantsCsv(context)
            ? new StreamedAnswer(answer.WriteCsvAsync, "text/csv; charset=utf-8")
            : new StreamedAnswer(answer.WriteJsonAsync);
    }

    private static RangeQuery ReadQuery(QueryParameters parameters, WindowMembers members, DateTimeOffset now)
    {
        var to = parameters.Instant("to", now) ?? now;
        var from = parameters.Instant("from", now) ?? (to.UtcTicks > DefaultRange.Ticks ? to - DefaultRange : DateTimeOffset.MinValue);
        if (parameters.Text("from") is not null)
        {
            parameters.RequireAscending("from", from, "to", to);
        }

        return new RangeQuery
        {
            From = from,
            To = to,
            Step = parameters.Duration("step") ?? TimeSpan.Zero,
            Tags = parameters.Tags,
            GroupBy = parameters.Names("groupBy") is var names && names is ["*"] ? [] : names,
            Quantiles = members.Quantiles,
            Members = members.Needs,
            Limit = parameters.Count("limit", AggregatesEndpoints.DefaultLimit, AggregatesEndpoints.MaxLimit),
            After = parameters.Text("after"),
        };
    }

    /// <summary>So many that a batch has some thousand windows: the grain's turns stay short, and little waits for a slow client.</summary>
    private static int SeriesPerBatch(RangeQuery query)
    {
        var windows = (query.To - query.From) / (query.Step > TimeSpan.Zero ? query.Step : ShortestLikely);
        return (int)Math.Clamp(WindowsPerBatch / Math.Max(windows, 1), 1, MaxSeriesPerBatch);
    }

    private static bool WantsCsv(HttpContext context)
    {
        var accept = context.Request.GetTypedHeaders().Accept;
        var csv = accept.Where(static one => one.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)).Select(static one => one.Quality ?? 1).DefaultIfEmpty(0).Max();
        var json = accept.Where(static one => one.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)).Select(static one => one.Quality ?? 1).DefaultIfEmpty(0).Max();
        return csv > json;
    }
}
