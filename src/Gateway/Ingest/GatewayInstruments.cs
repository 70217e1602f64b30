using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>The metrics of intake, meter <c>OrleansMetrics.Gateway</c>; docs/metrics.md lists them.</summary>
public sealed class GatewayInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "OrleansMetrics.Gateway";

    private static readonly RejectReason[] Reasons = Enum.GetValues<RejectReason>();
    private readonly Histogram<double> _duration;

    /// <param name="meters">Creates the meter.</param>
    /// <param name="statistics">Read when the instruments are collected.</param>
    /// <param name="budget">Read when the instruments are collected.</param>
    /// <param name="cache">Read when the instruments are collected.</param>
    public GatewayInstruments(IMeterFactory meters, IngestStatistics statistics, InFlightBudget budget, SeriesCache cache)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableCounter("orleansmetrics.ingest.points.received", () => statistics.Received, "{point}", "Points posted, good and bad.");
        meter.CreateObservableCounter("orleansmetrics.ingest.points.accepted", () => statistics.Accepted, "{point}", "Points durable in the log.");
        meter.CreateObservableCounter(
            "orleansmetrics.ingest.points.repeated", () => statistics.Repeated, "{point}", "Points of repeated requests, durable before and not counted again.");
        meter.CreateObservableCounter("orleansmetrics.ingest.points.rejected", () => Rejected(statistics), "{point}", "Points refused.");
        meter.CreateObservableCounter(
            "orleansmetrics.ingest.fields.ignored", () => statistics.IgnoredFields, "{field}", "String fields of line protocol, left out.");
        meter.CreateObservableCounter(
            "orleansmetrics.ingest.requests.overloaded", () => statistics.Overloaded, "{request}", "Requests refused because a bound was reached.");
        meter.CreateObservableUpDownCounter(
            "orleansmetrics.ingest.in_flight", () => budget.Bytes, "By", "Bytes of requests that are being read or appended.");
        meter.CreateObservableUpDownCounter(
            "orleansmetrics.ingest.series_cache.series", () => cache.Count, "{series}", "Series in the cache, each spelling counted.");
        meter.CreateObservableUpDownCounter(
            "orleansmetrics.ingest.series_cache.metrics", () => cache.Metrics, "{metric}", "Metrics seen since the process started.");
        meter.CreateObservableUpDownCounter("orleansmetrics.ingest.series_cache.memory", () => cache.Bytes, "By", "Memory of the series in the cache.");
        meter.CreateObservableCounter(
            "orleansmetrics.ingest.series_cache.restarts", () => cache.Restarts, "{restart}", "Times that the cache was full and started afresh.");
        _duration = meter.CreateHistogram<double>(
            "orleansmetrics.ingest.request.duration", "s", "From the request's headers to the answer. Its count is the number of requests.");
    }

    /// <summary>A request has been answered.</summary>
    public void RequestAnswered(IngestProtocol protocol, int status, TimeSpan duration) => _duration.Record(
        duration.TotalSeconds,
        new TagList
        {
            { "protocol", protocol == IngestProtocol.Json ? "json" : "line_protocol" },
            { "http.response.status_code", status },
        });

    private static IEnumerable<Measurement<long>> Rejected(IngestStatistics statistics) =>
        Reasons.Select(reason => new Measurement<long>(statistics.Rejected(reason), new KeyValuePair<string, object?>("reason", reason.Name())));
}
