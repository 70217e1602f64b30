using System.Diagnostics.Metrics;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Telemetry;

/// <summary>The metrics of the grains, meter <c>OrleansMetrics.Grains</c>; docs/metrics.md lists them.</summary>
public sealed class GrainsInstruments : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "OrleansMetrics.Grains";

    private readonly Meter _meter;

    /// <param name="meters">Creates the meter.</param>
    /// <param name="statistics">What the instruments read when they are collected.</param>
    /// <param name="series">The same, of series.</param>
    public GrainsInstruments(IMeterFactory meters, SiloStatistics statistics, SeriesBudget series)
    {
        _meter = meters.Create(MeterName);
        _meter.CreateObservableCounter(
            "orleansmetrics.aggregation.points",
            () => new[]
            {
                new Measurement<long>(statistics.Processed, new KeyValuePair<string, object?>("outcome", "processed")),
                new Measurement<long>(statistics.Late, new KeyValuePair<string, object?>("outcome", "late")),
                new Measurement<long>(statistics.Collided, new KeyValuePair<string, object?>("outcome", "series_id_collision")),
                new Measurement<long>(statistics.Conflicted, new KeyValuePair<string, object?>("outcome", "kind_conflict")),
            },
            "{point}",
            "Points applied by aggregators on this silo. Replayed points count again.");
        _meter.CreateObservableCounter(
            "orleansmetrics.aggregation.overflowed_points", () => series.Overflowed, "{point}",
            "Points put into the overflow series of their metric because there were too many series. Part of the processed ones; replayed points count again.");
        _meter.CreateObservableCounter(
            "orleansmetrics.aggregation.corrections", () => statistics.Corrected, "{point}",
            "Points that came after their window was final and corrected it. Part of the processed ones; replayed points count again.");
        _meter.CreateObservableGauge("orleansmetrics.aggregation.series", () => series.Series, "{series}", "Series in the memory of this silo.");
        _meter.CreateObservableCounter(
            "orleansmetrics.aggregation.forgotten_metrics", () => statistics.Forgotten, "{metric}", "Metrics forgotten because nothing was left of them.");
        _meter.CreateObservableCounter(
            "orleansmetrics.aggregation.poison_batches", () => statistics.Poisoned, "{batch}", "Batches set aside because they could not be read. (DATALOSS!)");
        _meter.CreateObservableCounter(
            "orleansmetrics.flush.snapshots", () => statistics.Flushes, "{snapshot}", "Snapshots of aggregators written.");
        _meter.CreateObservableCounter(
            "orleansmetrics.replay.records", () => statistics.Replayed, "{record}", "Records read back from the log because a partition or an aggregator was behind.");
        _meter.CreateObservableCounter(
            "orleansmetrics.grains.errors", () => statistics.Errors, "{error}", "Failures that were handled: a snapshot not written, a partition or aggregator that had to retry.");
    }

    /// <inheritdoc />
    public void Dispose() => _meter.Dispose();
}
