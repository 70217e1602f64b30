using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>
/// Reads the final windows of a metric, a block of time at a time, each block out of one view of the history: what is rolled up or expires meanwhile is in the blocks before or in those after.
/// </summary>
/// <remarks>Blocks begin where windows of every length do, so that no window reaches into the next block.</remarks>
internal sealed class BackupReader(ExportQuery query, int size, Func<long, long, ValueTask<HistoryView>> view, Func<ChunkEntry, ValueTask<Chunk?>> read)
{
    private const int BlockWindows = 360;
    private const int MaxTries = 5;

    /// <summary>Most windows of a series at once: what goes to the gateway in one message is bounded.</summary>
    private const int PageWindows = 500;

    public async IAsyncEnumerable<StoredSeries> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var known = await view(MetricAggregator.EarliestTime, MetricAggregator.LatestTime);
        var from = query.From is { } first ? first.ToUnixTimeMilliseconds() : Earliest(known);
        var final = known.FinalThrough;
        var to = Math.Min(query.To?.ToUnixTimeMilliseconds() ?? long.MaxValue, final);
        var longest = Math.Max(size, known.Tiers.Max(static tier => tier.Step));
        for (var at = from; at < to;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            known = await view(at, to);
            var (next, merger) = await MergeAsync(known, at, to, longest);
            foreach (var series in Read(merger, final))
            {
                yield return series;
            }

            at = next;
        }
    }

    /// <summary>The windows of the next block, and where the one after it begins. Skips time in which there is nothing.</summary>
    private async Task<(long Next, SeriesMerger Merger)> MergeAsync(HistoryView known, long at, long to, long longest)
    {
        for (var tries = 1; ; tries++)
        {
            var begin = Math.Max(at, SeriesMerger.StepStart(Earliest(known), longest));
            var step = HistoryCover.Segments(known.Tiers, begin, begin + 1, step: 0, size).Select(one => known.Tiers[one.Tier].Step).FirstOrDefault();
            var block = SeriesMerger.StepStart((Math.Max(step, size) * (long)BlockWindows) + longest - 1, longest);
            var next = begin > to - block ? to : SeriesMerger.StepStart(begin, block) + block;
            if (begin >= to)
            {
                return (to, new SeriesMerger());
            }

            if (await TryMergeAsync(known, begin, next) is { } merger)
            {
                return (next, merger);
            }

            if (tries == MaxTries)
            {
                throw new InvalidOperationException("The history of the metric changes faster than it can be read.");
            }

            // A chunk was replaced meanwhile.
            known = await view(at, to);
        }
    }

    private async Task<SeriesMerger?> TryMergeAsync(HistoryView known, long from, long to)
    {
        var merger = new SeriesMerger();
        var segments = HistoryCover.Segments(known.Tiers, from, to, step: 0, size).Select(one => one with { From = Math.Max(one.From, from) }).Where(static one => one.From < one.To).ToList();
        foreach (var corrects in new[] { false, true })
        {
            foreach (var (segment, entry) in segments
                .SelectMany(segment => known.Tiers[segment.Tier].Chunks.Where(chunk => chunk.Corrects == corrects && chunk.From < segment.To && chunk.To > segment.From).Select(chunk => (segment, chunk)))
                .OrderBy(static one => one.chunk.Id))
            {
                if (await read(entry) is not { } chunk)
                {
                    return null;
                }

                merger.Add(chunk, corrects ? Math.Max(segment.From, known.Tiers[0].ExpiredThrough) : segment.From, segment.To, corrects);
            }

            var rows = corrects ? known.CorrectedRows : known.Rows;
            foreach (var segment in segments.Where(segment => rows.Length > 0 && segment.Tier == 0))
            {
                merger.Add(Chunk.Parse(rows), segment.From, segment.To, corrects);
            }
        }

        return merger;
    }

    private IEnumerable<StoredSeries> Read(SeriesMerger merger, long final)
    {
        var bits = new BitSink();
        foreach (var (id, key) in merger.List())
        {
            // Those whose tags are not known are in no answer, either.
            if (key is null || SeriesKey.Decode(key) is not { } tags || !Array.TrueForAll(query.Tags, tags.Contains))
            {
                continue;
            }

            var windows = merger.Merge(id, step: 0, SketchReading.Bits);
            var page = new List<StoredWindow>();
            for (var i = 0; i < windows.Count; i++)
            {
                if (windows[i].End <= final)
                {
                    page.Add(StoredWindows.Describe(windows[i], bits));
                }

                if (page.Count == PageWindows || (i == windows.Count - 1 && page.Count > 0))
                {
                    yield return new StoredSeries { Tags = tags, Windows = [.. page] };
                    page.Clear();
                }
            }
        }
    }

    /// <summary>The start of the earliest window that there is.</summary>
    private static long Earliest(HistoryView known)
    {
        var earliest = known.FinalThrough;
        foreach (var tier in known.Tiers)
        {
            foreach (var chunk in tier.Chunks)
            {
                earliest = Math.Min(earliest, chunk.From);
            }
        }

        foreach (var rows in new[] { known.Rows, known.CorrectedRows })
        {
            var (merger, chunk) = (new SeriesMerger(), rows.Length == 0 ? null : Chunk.Parse(rows));
            if (chunk is null)
            {
                continue;
            }

            merger.Add(chunk, long.MinValue, long.MaxValue);
            foreach (var (id, _) in merger.List())
            {
                var windows = merger.Merge(id, step: 0, SketchReading.None);
                earliest = windows.Count > 0 ? Math.Min(earliest, windows[0].Start) : earliest;
            }
        }

        return earliest;
    }
}
