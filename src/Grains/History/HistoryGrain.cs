using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History.Chunks;
using OrleansMetrics.Grains.Placement;

namespace OrleansMetrics.Grains.History;

/// <summary>Reads windows of one metric out of memory and storage, in turns of its own: aggregation goes on meanwhile.</summary>
[MetricPlacement]
public sealed class HistoryGrain(ChunkStores stores, ChunkCache cache, WindowSettings windows) : Grain, IHistoryGrain
{
    /// <summary>Chunks of one query, compressed: what it may take in memory.</summary>
    private const long MaxBytes = 256L << 20;

    /// <inheritdoc />
    public async IAsyncEnumerable<SeriesRange> Query(RangeQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        RangeReader.Check(query, windows.Size);
        var metric = this.GetPrimaryKeyString();
        var step = (long)query.Step.TotalMilliseconds;
        var (from, to) = (query.From.ToUnixTimeMilliseconds(), query.To.ToUnixTimeMilliseconds());
        if (step > 0)
        {
            // Whole windows: what lies in those that the range begins or ends within belongs to them.
            from = SeriesMerger.StepStart(from, step);
            to = SeriesMerger.StepStart(to - 1, step) + step;
        }

        var view = await GrainFactory.GetGrain<IAggregatorIngestGrain>(metric).GetHistory(from, to);
        var reader = new RangeReader(query, query.Quantiles ?? [.. windows.Quantiles], view.FinalThrough);
        var segments = HistoryCover.Segments(view.Tiers, from, to, step, (int)windows.Size).ToList();
        var needed = segments.SelectMany(segment => ChunksOf(view.Tiers[segment.Tier], segment).Select(chunk => (Segment: segment, Chunk: chunk))).OrderBy(static one => one.Chunk.Id).ToList();
        if (needed.Sum(static one => (long)one.Chunk.Bytes) > MaxBytes)
        {
            throw new ArgumentException("The range has too many windows of all series together: ask for a shorter range or a longer step.", nameof(query));
        }

        foreach (var (segment, entry) in needed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            reader.Add(await ReadAsync(metric, entry), segment.From, segment.To);
        }

        if (view.Rows.Length > 0)
        {
            foreach (var segment in segments.Where(static segment => segment.Tier == 0))
            {
                reader.Add(Chunk.Parse(view.Rows), segment.From, segment.To);
            }
        }

        foreach (var series in reader.Read())
        {
            yield return series;
        }
    }

    private static IEnumerable<ChunkEntry> ChunksOf(HistoryTierView tier, HistorySegment segment) =>
        tier.Chunks.Where(chunk => chunk.From < segment.To && chunk.To > segment.From);

    private async ValueTask<Chunk> ReadAsync(string metric, ChunkEntry entry)
    {
        if (cache.Find(metric, entry.Id) is { } found)
        {
            return found;
        }

        var bytes = await stores.Of(metric).ReadAsync(entry.Id)
            ?? throw new InvalidOperationException($"The chunk {entry.Id} of the history of '{metric}' is gone: it was replaced while the query was under way.");
        var chunk = Chunk.Parse(bytes);
        cache.Add(metric, entry.Id, chunk);
        return chunk;
    }
}
