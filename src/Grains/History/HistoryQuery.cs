using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>Brings together what a query of a range needs, out of the aggregator's memory and chunks.</summary>
internal static class HistoryQuery
{
    /// <summary>Chunks of one query, compressed: what it may take in memory.</summary>
    private const long MaxBytes = 256L << 20;

    /// <summary>Reads what is needed.</summary>
    /// <param name="query">The query.</param>
    /// <param name="windows">How windows are cut.</param>
    /// <param name="view">What the aggregator knows of a range.</param>
    /// <param name="read">Reads a chunk.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">The query is out of range; the message says how.</exception>
    public static async Task<RangeReader> OpenAsync(
        RangeQuery query, WindowSettings windows, Func<long, long, ValueTask<HistoryView>> view, Func<ChunkEntry, ValueTask<Chunk>> read, CancellationToken cancellationToken)
    {
        RangeReader.Check(query, windows.Size);
        var step = (long)query.Step.TotalMilliseconds;
        var (from, to) = (query.From.ToUnixTimeMilliseconds(), query.To.ToUnixTimeMilliseconds());
        if (step > 0)
        {
            // Whole windows: what lies in those that the range begins or ends within belongs to them.
            from = SeriesMerger.StepStart(from, step);
            to = SeriesMerger.StepStart(to - 1, step) + step;
        }

        var known = await view(from, to);
        var reader = new RangeReader(query, query.Quantiles ?? [.. windows.Quantiles], known.FinalThrough);
        var segments = HistoryCover.Segments(known.Tiers, from, to, step, (int)windows.Size).ToList();
        var needed = segments.SelectMany(segment => ChunksOf(known.Tiers[segment.Tier], segment).Select(chunk => (Segment: segment, Chunk: chunk))).OrderBy(static one => one.Chunk.Id).ToList();
        if (needed.Sum(static one => (long)one.Chunk.Bytes) > MaxBytes)
        {
            throw new ArgumentException("The range has too many windows of all series together: ask for a shorter range or a longer step.", nameof(query));
        }

        foreach (var (segment, entry) in needed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            reader.Add(await read(entry), segment.From, segment.To);
        }

        if (known.Rows.Length > 0)
        {
            foreach (var segment in segments.Where(static segment => segment.Tier == 0))
            {
                reader.Add(Chunk.Parse(known.Rows), segment.From, segment.To);
            }
        }

        return reader;
    }

    private static IEnumerable<ChunkEntry> ChunksOf(HistoryTierView tier, HistorySegment segment) =>
        tier.Chunks.Where(chunk => chunk.From < segment.To && chunk.To > segment.From);
}
