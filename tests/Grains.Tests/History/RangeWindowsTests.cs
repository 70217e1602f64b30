using CsCheck;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>Windows that are taken in order, as chunks have them, are those of <see cref="SeriesMerger.Merge"/>, which sorts them all.</summary>
public sealed class RangeWindowsTests
{
    private static readonly double[] Quantiles = [0.1, 0.5, 0.99];
    private static readonly Gen<int> Step = Gen.OneOf(Gen.Const(0), Gen.Const(10_000), Gen.Const(60_000), Gen.Const(70_000), Gen.Const(600_000));

    [Fact]
    public void Windows_in_order_are_taken_as_if_they_had_been_sorted()
    {
        int merged = 0, several = 0, sketched = 0;
        Gen.Select(WindowsOfSeries.Any, Step, Gen.Int[1, 4], Gen.Bool).Sample(
            (one, step, pieces, sketches) =>
            {
                // Consecutive windows in several chunks, the later the later; how the chunks are numbered does not matter when no window is in two.
                var chunks = one.Windows.Chunk((one.Windows.Length + pieces - 1) / pieces).Select(windows => one with { Windows = windows }).ToList();
                var merger = new SeriesMerger();
                foreach (var chunk in chunks)
                {
                    merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk([chunk])), long.MinValue, long.MaxValue, corrects: false, chunk.Windows[0].Start);
                }

                Assert.Equal(Sorted(merger, one.Id, step, sketches), Streamed(merger, one.Id, step, sketches, out var count));
                Interlocked.Add(ref merged, count < one.Windows.Length ? 1 : 0);
                Interlocked.Add(ref several, chunks.Count > 1 ? 1 : 0);
                Interlocked.Add(ref sketched, sketches && one.Windows.Any(static window => window.Points.Length > 8) ? 1 : 0);
            },
            iter: 3_000);
        Assert.All([merged, several, sketched], static seen => Assert.True(seen > 100, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void Chunks_in_any_order_that_overlap_and_correct_each_other_add_up_all_the_same()
    {
        int overlapping = 0, streamed = 0;
        Gen.Select(WindowsOfSeries.Any.Array[1, 5], Step, Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 400_000], Gen.Int[0, 4]).Sample(
            (all, step, sketches, corrects, from, late) =>
            {
                var series = all.Select(one => one with { Series = all[0].Series, Defined = all[0].Defined }).ToList();
                var merger = new SeriesMerger();
                foreach (var (i, one) in series.Index())
                {
                    merger.Add(
                        Chunk.Parse(WindowsOfSeries.ToChunk([one])), one.Windows[0].Start + (i % 2 == 0 ? from : 0), long.MaxValue, corrects: corrects == 0 && i == late,
                        i == late ? long.MaxValue : one.Windows[0].Start);
                }

                Assert.Equal(Sorted(merger, series[0].Id, step, sketches), Streamed(merger, series[0].Id, step, sketches, out _));
                var starts = series.SelectMany(static one => one.Windows.Select(static window => window.Start)).ToList();
                Interlocked.Increment(ref starts.Distinct().Count() < starts.Count ? ref overlapping : ref streamed);
            },
            iter: 5_000);
        Assert.All([overlapping, streamed], static seen => Assert.True(seen > 500, $"a case was generated only {seen} times"));
    }

    [Fact]
    public void A_window_is_final_when_it_ends_by_what_is_final()
    {
        var one = new WindowsOfSeries(1, Defined: true, [new PointsOfWindow(0, 10, [(1, 2)]), new PointsOfWindow(10, 10, [(2, 3)]), new PointsOfWindow(20, 10, [(3, 4)])]);
        var merger = new SeriesMerger();
        merger.Add(Chunk.Parse(WindowsOfSeries.ToChunk([one])), 10, 30, corrects: false, 0);
        var windows = new RangeWindows(RangeMembers.Last, [], finalThrough: 20);
        merger.MergeInto(one.Id, 0, SketchReading.None, windows);
        var columns = windows.Finish();
        Assert.Equal([1, 0], columns.Finals.ToArray());
        Assert.Equal([2, 3], columns.Lasts.ToArray());
        Assert.Equal([3, 4], columns.LastOffsets.ToArray());
        Assert.True(columns.Sums.IsEmpty);
        Assert.Empty(windows.Finish());
    }

    private static string Sorted(SeriesMerger merger, ulong id, int step, bool sketches)
    {
        var sorted = merger.Merge(id, step, Reading(sketches));
        var windows = NewWindows(sketches);
        for (var i = 0; i < sorted.Count; i++)
        {
            windows.Add(sorted[i]);
        }

        return Describe(windows.Finish());
    }

    private static string Streamed(SeriesMerger merger, ulong id, int step, bool sketches, out int count)
    {
        var windows = NewWindows(sketches);
        merger.MergeInto(id, step, Reading(sketches), windows);
        var columns = windows.Finish();
        count = columns.Count;
        return Describe(columns);
    }

    private static SketchReading Reading(bool sketches) => sketches ? SketchReading.Full : SketchReading.None;

    private static RangeWindows NewWindows(bool sketches) => new(RangeMembers.All, sketches ? Quantiles : [], 1_750_000_020_000L);

    private static string Describe(WindowColumns windows) => string.Join("\n", windows.Select(static window =>
        $"{window.Start:O} {window.End:O} {window.Final} {window.Count} {window.Sum:R} {window.Min:R} {window.Max:R} {window.Last:R} {window.LastUpdated:O} {window.Revision} {string.Join(' ', window.Quantiles)}"));
}
