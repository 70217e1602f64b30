using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What must be so of history: a snapshot and the chunks that it names have every point once.</summary>
internal sealed class HistoryModel(Simulation simulation)
{
    private readonly WindowSettings _keepsAll = simulation.Settings with { Retained = 1_000_000 };

    /// <summary>A snapshot that storage has just taken: what it names is there, and with its own windows it has every point that was processed, once.</summary>
    public void Check(string metric, MetricAggregator snapshot)
    {
        var manifest = snapshot.History!;
        var step = simulation.History.Tiers[1].Step;
        var rolledUp = manifest.TierOf(step);
        var points = Points(metric, rolledUp.Chunks, long.MinValue) + Points(metric, manifest.Base.Chunks, rolledUp.Through) + InMemory(snapshot).Sum(static window => window.Count);
        var isWhole = !simulation.Forgets || manifest.Tiers.TrueForAll(static tier => tier.ExpiredThrough == long.MinValue);
        Assert.True(points == snapshot.Counters.Processed || (!isWhole && points < snapshot.Counters.Processed), $"history of {metric} has {points} points, {snapshot.Counters.Processed} were processed");
        if (manifest.Base.ExpiredThrough > long.MinValue)
        {
            simulation.Seen("chunks expired");
        }

        if (manifest.Base.Chunks.Exists(static chunk => chunk.Corrects))
        {
            simulation.Seen(manifest.Base.Chunks.Exists(static chunk => chunk is { Corrects: true, Merged: true }) ? "late points in a merged chunk" : "late points in a chunk");
        }

        if (snapshot.EarliestCorrectedEnd(manifest.CorrectedThrough) < long.MaxValue)
        {
            simulation.Seen("late points in a snapshot");
        }
    }

    /// <summary>At rest: windows and rollups are those of the points, and storage has nothing that no snapshot knows of.</summary>
    public void CheckEnd(string metric, MetricAggregator snapshot, long watermark)
    {
        var manifest = snapshot.History!;
        var expected = new MetricAggregator(_keepsAll);
        foreach (var record in simulation.Log.History.Values.Where(record => record.Record.Position > snapshot.Begin))
        {
            if (record.Slices.TryGetValue(metric, out var slice) && (!record.Lost || HasSlice(snapshot, slice.Number)))
            {
                expected.Apply(new SliceReader(slice.Bytes.Span), record.Record.Position, record.Record.IngestedAt);
            }
            else if (!record.Lost && !record.IsPoison)
            {
                expected.AdvanceWatermark(record.Record.IngestedAt);
            }
        }

        expected.AdvanceWatermark(Math.Max(watermark, snapshot.Watermark));
        var step = simulation.History.Tiers[1].Step;
        var rolledUp = manifest.TierOf(step);
        var all = new[] { expected.WriteRows(long.MinValue, long.MaxValue), expected.WriteCorrectedRows(long.MinValue, long.MaxValue) };
        Compare(metric, "windows", Windows(all, 0, manifest.Base.ExpiredThrough, long.MaxValue), Windows(metric, manifest.Base, snapshot, 0, manifest.Base.ExpiredThrough, long.MaxValue));
        Compare(metric, "rollups", Windows(all, step, long.MinValue, rolledUp.Through), Windows(metric, rolledUp, null, step, long.MinValue, rolledUp.Through));

        var known = manifest.Tiers.SelectMany(static tier => tier.Chunks).Select(static chunk => chunk.Id).Concat(manifest.Reserved).Concat(manifest.Doomed.Select(static one => one.Id)).ToHashSet();
        var prefix = SimulatedChunks.PrefixOf(metric);
        Assert.All(simulation.Storage.KeysOf(prefix), key => Assert.True(known.Contains(long.Parse(key[prefix.Length..])), $"nobody knows of {key}"));
    }

    /// <summary>The windows of all series: rollups as far as there are, and what is not rolled up.</summary>
    public IEnumerable<(ulong Series, WindowState Window)> WindowsOf(string metric, HistoryManifest manifest)
    {
        var rolledUp = manifest.TierOf(simulation.History.Tiers[1].Step);
        foreach (var (tier, from, to) in new[] { (rolledUp, long.MinValue, rolledUp.Through), (manifest.Base, rolledUp.Through, long.MaxValue) })
        {
            foreach (var chunk in tier.Chunks.Select(entry => Read(metric, entry)))
            {
                foreach (var series in chunk.Series)
                {
                    var windows = new WindowPool();
                    chunk.Read(series, new SeriesColumns(), SketchReading.Full, windows);
                    for (var i = 0; i < windows.Count; i++)
                    {
                        if (windows[i].Start >= from && windows[i].Start < to)
                        {
                            yield return (series.Id, windows[i]);
                        }
                    }
                }
            }
        }
    }

    private static bool HasSlice(MetricAggregator snapshot, int number) => snapshot
        .Query("m", new Contracts.Windows.AggregatesQuery { Tags = [new Tag("slice", number.ToString())] }).Series.Length > 0;

    private static RowChunk[] RowsOf(MetricAggregator snapshot) =>
        [snapshot.WriteRows(snapshot.History!.Through, long.MaxValue), snapshot.WriteCorrectedRows(snapshot.History.CorrectedThrough, long.MaxValue)];

    private static IEnumerable<WindowState> InMemory(MetricAggregator snapshot) =>
        RowsOf(snapshot).Where(static rows => rows.Windows > 0).SelectMany(static rows => WindowsOf(Chunk.Parse(rows.Bytes)));

    private static IEnumerable<WindowState> WindowsOf(Chunk chunk)
    {
        foreach (var series in chunk.Series)
        {
            var windows = new WindowPool();
            chunk.Read(series, new SeriesColumns(), SketchReading.Full, windows);
            for (var i = 0; i < windows.Count; i++)
            {
                yield return windows[i];
            }
        }
    }

    private Chunk Read(string metric, ChunkEntry entry)
    {
        var bytes = simulation.Storage.Find<byte[]>(SimulatedChunks.PrefixOf(metric) + entry.Id);
        Assert.True(bytes is not null, $"the chunk {entry.Id} of {metric} is named and not there");
        Assert.Equal(entry.Bytes, bytes.Length);
        return Chunk.Parse(bytes);
    }

    private long Points(string metric, IEnumerable<ChunkEntry> chunks, long from) =>
        chunks.Sum(entry => WindowsOf(Read(metric, entry)).Where(window => window.Start >= from).Sum(static window => window.Count));

    private static string Windows(RowChunk[] chunks, int step, long from, long to)
    {
        var merger = new SeriesMerger();
        AddTo(merger, chunks[0], from, to, corrects: false);
        AddTo(merger, chunks[1], from, to, corrects: true);
        return Describe(merger, step, from);
    }

    private static void AddTo(SeriesMerger merger, RowChunk? rows, long from, long to, bool corrects)
    {
        if (rows is { Windows: > 0 })
        {
            merger.Add(Chunk.Parse(rows.Bytes), from, to, corrects);
        }
    }

    private string Windows(string metric, TierChunks tier, MetricAggregator? snapshot, int step, long from, long to)
    {
        var merger = new SeriesMerger();
        var rows = snapshot is null ? null : RowsOf(snapshot);
        foreach (var corrects in new[] { false, true })
        {
            foreach (var entry in tier.Chunks.Where(entry => entry.Corrects == corrects))
            {
                merger.Add(Read(metric, entry), from, to, corrects);
            }

            AddTo(merger, rows?[corrects ? 1 : 0], from, to, corrects);
        }

        return Describe(merger, step, from);
    }

    private static string Describe(SeriesMerger merger, int step, long from) => string.Join("\n", merger.List().Select(series =>
    {
        var windows = merger.Merge(series.Id, step, SketchReading.Full);
        return $"{series.Id:x} {string.Join("; ", Enumerable.Range(0, windows.Count).Select(i => windows[i]).Where(w => w.Start >= from).Select(w => $"{w.Start}+{w.Size} {w.Count} {(step == 0 ? w.Revision : 0)} {w.Sum} {w.Min} {w.Max} {w.Last}@{w.LastOffset} {(w.IsSet ? w.Elements.Estimate() : w.Sketch.Quantile(0.5, w.Min, w.Max))}"))}";
    }).Where(static line => line.Contains('+', StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private static void Compare(string metric, string what, string expected, string actual) =>
        Assert.True(expected == actual, $"{what} of {metric} in history:\n{actual}\nexpected:\n{expected}");
}
