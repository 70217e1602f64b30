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

        // Late points came after all points in time of their window.
        foreach (var corrects in new[] { false, true })
        {
            foreach (var (segment, entry) in needed.Where(one => one.Chunk.Corrects == corrects))
            {
                cancellationToken.ThrowIfCancellationRequested();

                // Late points are kept a little longer than what they correct.
                reader.Add(await read(entry), corrects ? Math.Max(segment.From, known.Tiers[0].ExpiredThrough) : segment.From, segment.To, corrects, entry.From);
            }

            var rows = corrects ? known.CorrectedRows : known.Rows;
            foreach (var segment in segments.Where(segment => rows.Length > 0 && segment.Tier == 0))
            {
                reader.Add(Chunk.Parse(rows), segment.From, segment.To, corrects);
            }
        }

        return reader;
    }

    private static IEnumerable<ChunkEntry> ChunksOf(HistoryTierView tier, HistorySegment segment) =>
        tier.Chunks.Where(chunk => chunk.From < segment.To && chunk.To > segment.From);
}
