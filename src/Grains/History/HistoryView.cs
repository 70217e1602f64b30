namespace OrleansMetrics.Grains.History;

/// <summary>What an aggregator knows of a range of time.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.HistoryView")]
public sealed record HistoryView
{
    /// <summary>Windows in memory that no chunk has, as a chunk of rows; empty: none.</summary>
    [Id(0)] public required byte[] Rows { get; init; }

    /// <summary>Late points in memory that no chunk has, as a chunk of rows; empty: none.</summary>
    [Id(3)] public byte[] CorrectedRows { get; init; } = [];

    /// <summary>Windows that end at or before this are final.</summary>
    [Id(1)] public required long FinalThrough { get; init; }

    /// <summary>Windows as they came first, then the rollups, each of a longer step.</summary>
    [Id(2)] public required HistoryTierView[] Tiers { get; init; }
}
