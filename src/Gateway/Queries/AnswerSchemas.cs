using System.ComponentModel;

namespace OrleansMetrics.Gateway.Queries;

// The shapes that CatalogueEndpoint and AggregatesJson write by hand, for the OpenAPI document. A test reads the answers back
// into them and allows no member more or less.

[Description("A page of the metrics, in ascending ordinal order of names.")]
internal sealed record MetricListAnswer(
    MetricListEntry[] Metrics, [property: Description("Send as after for the next page; null after the last.")] string? Next);

[Description("One metric.")]
internal sealed record MetricListEntry(
    string Name,
    [property: Description("What the values mean: gauge, counter, cumulative_counter, distribution or set.")] string Kind,
    [property: Description("Series seen.")] int Series,
    [property: Description("Points aggregated since the metric was first seen.")] long Points,
    [property: Description("Bytes of its history in storage, as of its last flush.")] long HistoryBytes);

[Description("A page of the series of a metric, in the order in which they were first seen.")]
internal sealed record MetricAnswer(
    string Metric, string Kind, SeriesAnswer[] Series, [property: Description("Send as after for the next page; null after the last.")] string? Next);

[Description("The windows of a metric in a range of time, in the order of the series' keys.")]
internal sealed record RangeAnswer(
    string Metric,
    string Kind,
    [property: Description("Length of the windows asked for, seconds; 0: as they are kept.")] double Step,
    RangeSeriesAnswer[] Series,
    [property: Description("Send as after for the next page; null after the last.")] string? Next);

[Description("One series, or group of series. With agg, windows have only the members asked for.")]
internal sealed record RangeSeriesAnswer(Dictionary<string, string> Tags, WindowAnswer[] Windows);

[Description("One series.")]
internal sealed record SeriesAnswer(Dictionary<string, string> Tags, TotalAnswer Total, WindowAnswer[] Windows);

[Description("All points of the series since its first, across restarts. Points counted as late are not in it. A number beyond the range of a double is null.")]
internal sealed record TotalAnswer(long Count, double? Sum, double? Min, double? Max);

[Description("The points of one window. A number beyond the range of a double is null.")]
internal sealed record WindowAnswer(
    [property: Description("First instant, inclusive.")] DateTimeOffset Start,
    [property: Description("End, exclusive.")] DateTimeOffset End,
    [property: Description("Whether only late points can change the window.")] bool Final,
    long Count,
    double? Sum,
    double? Min,
    double? Max,
    double? Mean,
    [property: Description("The value with the latest event time.")] double? Last,
    [property: Description("Event time of last.")] DateTimeOffset LastUpdated,
    [property: Description("Estimated quantiles by probability; relative error at most 1.1 % unless the sketch had to downscale.")]
    Dictionary<string, double?> Quantiles,
    [property: Description("How many of the points came after the window was final; left out when there are none, and in rollups.")] long? Revision = null,
    [property: Description("Increments per second over the whole length of the window, also while it is open; only of counters.")] double? Rate = null,
    [property: Description("How many different elements there were, estimated with a standard error of 1.6 %; only of sets, which have only this and count.")] long? Distinct = null);
