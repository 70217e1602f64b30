namespace OrleansMetrics.Grains.History;

/// <summary>The chunks of one tier.</summary>
internal sealed class TierChunks(int step)
{
    /// <summary>Length of the windows, milliseconds; 0: windows as they came.</summary>
    public int Step { get; } = step;

    /// <summary>A rollup: what starts before this has been rolled up. <see cref="long.MinValue"/>: nothing. Not used for windows as they came.</summary>
    public long Through { get; set; } = long.MinValue;

    /// <summary>What ended at or before this may have been cleared.</summary>
    public long ExpiredThrough { get; set; } = long.MinValue;

    /// <summary>In the order in which they were made.</summary>
    public List<ChunkEntry> Chunks { get; } = [];
}
