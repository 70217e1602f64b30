using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History;

/// <summary>What chunks are cut from: windows that are final, or the late points of windows that take no more of them.</summary>
internal interface ICutSource
{
    /// <summary>These are late points.</summary>
    bool Corrects { get; }

    /// <summary>The watermark.</summary>
    long Watermark { get; }

    /// <summary>What ends at or before this does not change any more; <see cref="long.MinValue"/>: nothing.</summary>
    long ReadyThrough { get; }

    /// <summary>What ends at or before this is in chunks; <see cref="long.MinValue"/>: nothing. What ends after it is kept in memory.</summary>
    long Through { get; set; }

    /// <summary>The earliest end of a window that ends after an instant; <see cref="long.MaxValue"/> when there is none.</summary>
    long EarliestEnd(long after);

    /// <summary>A chunk of the windows that end after one instant and at or before another.</summary>
    RowChunk WriteRows(long after, long through);
}
