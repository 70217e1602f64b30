namespace OrleansMetrics.Grains.Aggregators;

/// <summary>The points of one metric in one record of the log, on their way to its aggregator.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricSlice")]
public sealed record MetricSlice
{
    /// <summary>Position of the record in the partition's log.</summary>
    [Id(0)] public required long Position { get; init; }

    /// <summary>
    /// Position of the slice that the partition had this aggregator confirm before this one; 0 when there was none since the
    /// partition was activated. An aggregator that stands below it has lost slices and must be sent them again.
    /// </summary>
    [Id(1)] public required long Previous { get; init; }

    /// <summary>The partition's watermark at this record: its ingestion time, Unix milliseconds.</summary>
    [Id(2)] public required long Watermark { get; init; }

    /// <summary>The slice, checked, for <see cref="Contracts.Points.SliceReader"/>.</summary>
    [Id(3)] public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>
    /// What the metric was at or below this position is forgotten, and counted elsewhere: an aggregator that still has it drops it and starts anew.
    /// 0 when the metric was never forgotten.
    /// </summary>
    [Id(4)] public long Begin { get; init; }
}
