namespace OrleansMetrics.Grains.History;

/// <summary>The history of one metric. Times in milliseconds.</summary>
/// <param name="Tiers">Windows as they are, then the rollups, each of a longer step. Never empty.</param>
/// <param name="ChunkInterval">Event time that goes into a chunk.</param>
/// <param name="ChunkWindows">Fewer windows wait for up to <paramref name="MaxChunkDelay"/>.</param>
/// <param name="MaxChunkDelay">How long few windows wait.</param>
/// <param name="MaxMergeBytes">What is merged together has no more bytes than this, if it can be helped.</param>
/// <param name="BlockWindows">Windows of a series in a block: what merged chunks hold if nothing is missing.</param>
/// <param name="MergeDelay">How much later than it could a merge is due: metrics must not merge all at once.</param>
public sealed record HistorySettings(
    IReadOnlyList<HistoryTier> Tiers, long ChunkInterval, int ChunkWindows, long MaxChunkDelay, int MaxMergeBytes, int BlockWindows, long MergeDelay)
{
    /// <summary>How long a chunk that is not named any more is still there: for queries that go on, and for writes of a stale activation that are late.</summary>
    public long ClearDelay { get; init; } = 60_000;

    /// <summary>What a block of a tier covers.</summary>
    public long BlockOf(int tier) => Tiers[tier].Step * (long)BlockWindows;
}
