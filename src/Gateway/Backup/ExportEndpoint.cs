using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>The history of a metric as lines of JSON.</summary>
internal static class ExportEndpoint
{
    /// <summary>Series in one message from the cluster, each with up to some hundred windows.</summary>
    private const int SeriesPerMessage = 16;

    private static readonly string[] Parameters = ["from", "to"];
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <summary>Every final window once, earliest block of time first.</summary>
    public static async Task<IResult> Get(string metric, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var parameters = new QueryParameters(context.Request.QueryString, Parameters, takesTags: true);
        var name = MetricName.Read(context, metric, segmentsAfter: 1);
        var now = time.GetUtcNow();
        var query = new ExportQuery { From = parameters.Instant("from", now), To = parameters.Instant("to", now), Tags = parameters.Tags };
        if (query is { From: { } from, To: { } to })
        {
            parameters.RequireAscending("from", from, "to", to);
        }

        if (parameters.Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        var cancellationToken = context.RequestAborted;
        if (!MetricName.IsPossible(name) || await grains.GetGrain<IAggregatorGrain>(name).GetAggregates(new AggregatesQuery { Limit = 1 }, cancellationToken) is not { } known)
        {
            return QueryProblems.UnknownMetric(name);
        }

        var series = grains.GetGrain<IBackupGrain>(name).Export(query, cancellationToken).WithBatchSize(SeriesPerMessage).GetAsyncEnumerator(cancellationToken);
        bool any;
        try
        {
            // What is wrong in the cluster comes with the first series, before anything is written.
            any = await series.MoveNextAsync();
        }
        catch
        {
            await series.DisposeAsync();
            throw;
        }

        return new StreamedAnswer((output, flush, token) => WriteAsync(known, series, any, output, flush, token), "application/x-ndjson; charset=utf-8");
    }

    private static async Task WriteAsync(
        MetricAggregates metric, IAsyncEnumerator<StoredSeries> series, bool any, IBufferWriter<byte> output, Func<CancellationToken, ValueTask> flush, CancellationToken cancellationToken)
    {
        await using var reading = series;
        await using var json = new Utf8JsonWriter(output, Options);
        for (; any; any = await series.MoveNextAsync())
        {
            foreach (var window in series.Current.Windows)
            {
                StoredWindowJson.Write(json, metric.Metric, metric.Kind, series.Current.Tags, window);
                json.Flush();
                json.Reset();
                output.Write("\n"u8);
            }

            await flush(cancellationToken);
        }
    }
}
