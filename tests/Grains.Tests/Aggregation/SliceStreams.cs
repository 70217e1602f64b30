using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>Random streams of slices with few series, small windows and a wandering watermark, so that every rule is met often.</summary>
internal static class SliceStreams
{
    public const long WindowSize = 100;

    private static readonly byte[][] Keys =
        [.. Enumerable.Range(0, 12).Select(i => i == 0 ? [] : SeriesKey.Encode([new Tag("host", $"h{i}"), new Tag("dc", i % 2 == 0 ? "a" : "b")]))];

    private static readonly double[] Extremes = [0.0, 1e-30, -1e-30, 1L << 40, -(1L << 40)];

    // Integers, so that sums are exact in any order; some far apart, so that sketches downscale.
    private static readonly Gen<double> Value = Gen.Frequency(
        (6, Gen.Int[1, 1_000].Select(i => (double)i)),
        (2, Gen.Int[-500, 0].Select(i => (double)i)),
        (1, Gen.Int[0, Extremes.Length - 1].Select(i => Extremes[i])));

    public static ulong IdOf(int series) => SeriesKey.Hash(Keys[series]);

    public static byte[] KeyOf(int series) => Keys[series];

    // Time relative to the slice's watermark: mostly current, sometimes late, ahead, or many times in one window.
    private static Gen<TestPoint> Point(long watermark) =>
        Gen.Select(
            Gen.Frequency((3, Gen.Const(0)), (5, Gen.Int[0, Keys.Length - 1])),
            Gen.Frequency((8, Gen.Long[-250, 60]), (1, Gen.Long[-900, 900])),
            Value,
            (series, offset, value) => new TestPoint(IdOf(series), watermark + offset, value));

    // One definition in eight gives an identity the key of another series.
    private static readonly Gen<TestDefinition> Definition =
        Gen.Select(Gen.Int[0, Keys.Length - 1], Gen.Int[0, 7], (series, luck) =>
            new TestDefinition(IdOf(series), Keys[luck == 0 ? (series + 1) % Keys.Length : series]));

    private static Gen<TestSlice> Slice(long watermark) =>
        Gen.Select(
            Gen.Frequency((3, Point(watermark).Array[0, 12]), (1, Point(watermark).Array[70, 150])),
            Definition.Array[0, 4],
            (points, definitions) => new TestSlice(watermark, points, definitions));

    /// <summary>Streams that begin before the epoch as often as after it.</summary>
    public static Gen<TestSlice[]> Streams { get; } =
        Gen.Select(Gen.Long[-3_000, 1_000], Gen.Frequency((8, Gen.Int[-30, 120]), (1, Gen.Int[0, 1_500])).Array[1, 30])
            .SelectMany((first, steps) =>
            {
                var watermark = first;
                var slices = new List<Gen<TestSlice>>();
                foreach (var step in steps)
                {
                    watermark += step;
                    slices.Add(Slice(watermark));
                }

                return slices.Aggregate(
                    Gen.Const(Array.Empty<TestSlice>()), (all, next) => Gen.Select(all, next, (before, slice) => (TestSlice[])[.. before, slice]));
            });
}
