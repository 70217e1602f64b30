using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>What happens to one aggregator: slices and heartbeats, in the order of the log.</summary>
internal sealed record AggregatorRun(WindowSettings Settings, AggregatorStep[] Steps)
{
    private const int Series = 5;

    public static readonly Gen<WindowSettings> AnySettings = Gen.Select(
        Gen.OneOf(Gen.Const(7L), Gen.Const(10L), Gen.Const(100L)), Gen.OneOf(Gen.Const(0L), Gen.Const(5L), Gen.Const(30L)), Gen.Int[1, 3],
        Gen.Frequency((2, Gen.Const(0L)), (1, Gen.Const(20L)), (2, Gen.Const(150L))), Gen.Frequency((3, Gen.Const(int.MaxValue)), (1, Gen.Int[1, 5])),
        static (size, lateness, retained, correctFor, most) => CreateSettings(size, lateness, retained) with { CorrectFor = correctFor, MaxCorrected = most });

    /// <summary>Event times relative to the watermark: mostly around it, now and then far back or windows ahead.</summary>
    private static readonly Gen<int> GenOffset = Gen.Frequency((6, Gen.Int[-30, 10]), (1, Gen.Int[-300, -30]), (1, Gen.Int[10, 300]), (1, Gen.Const(-10)));

    private static readonly Gen<(int Series, double Value, int Offset)> GenPoint = Gen.Select(
        Gen.Int[0, Series - 1], Gen.Frequency((3, Gen.Int[-4, 4].Select(static i => (double)i)), (1, Gen.Double[-1e6, 1e6])), GenOffset);

    private static readonly Gen<Definition[]> GenDefinitions = Gen.Frequency(
        (3, Gen.Select(Gen.Int[0, Series - 1], Gen.Frequency((15, Gen.Const(false)), (1, Gen.Const(true))), static (series, other) => new Definition(series, other)).Array[0, 6]),
        (2, Gen.Const(Array.Empty<Definition>())));

    private static readonly Gen<RawStep> GenStep = Gen.Select(
        Gen.Frequency((3, Gen.Const(0)), (5, Gen.Int[1, 30]), (1, Gen.Int[30, 500])),
        Gen.Frequency((5, GenPoint.Array[0, 12]), (1, Gen.Select(GenPoint, Gen.Int[10, 400], static (point, count) => Enumerable.Repeat(point, count).ToArray()))),
        GenDefinitions,
        Gen.Int[0, 9],
        Gen.Int[1, 3],
        static (advance, points, definitions, kind, gap) => new RawStep(advance, points, definitions, kind, gap));

    /// <summary>Runs that begin before, at or long after the epoch.</summary>
    public static readonly Gen<AggregatorRun> Any = Gen.Select(
        AnySettings,
        Gen.OneOf(Gen.Const(-1_000L), Gen.Const(-20L), Gen.Const(0L), Gen.Const(1_750_000_000_003L)),
        GenStep.Array[1, 25],
        static (settings, origin, steps) => new AggregatorRun(settings, Build(origin, steps)));

    /// <summary>Runs of a metric of one kind, which many slices name, and some of which name another one.</summary>
    public static readonly Gen<AggregatorRun> OfKinds = Gen.Select(
        Any, Gen.Int[0, 4].Select(static kind => (MetricKind)kind), Gen.Int[0, 9].Array[25],
        static (run, kind, named) => run with
        {
            Steps = [.. run.Steps.Select((step, i) => step with { Slice = step.Slice is { } slice ? slice with { Kind = KindOf(kind, named[i]) } : null })],
        });

    public static WindowSettings CreateSettings(long size, long lateness, int retained) => new(size, lateness, retained, [0.5, 0.99]);

    /// <summary>The same low bits for all: every series collides in the hash table.</summary>
    public static ulong IdOf(int series) => (ulong)(series + 1) << 32;

    public static byte[] KeyOf(int series) => SeriesKey.Encode([new Tag("host", series.ToString()), new Tag("even", series % 2 == 0 ? "yes" : "no")]);

    public override string ToString() => $"{Settings}: {string.Join("; ", Steps.Select(static step => step.ToString()))}";

    private static MetricKind? KindOf(MetricKind kind, int named) => named < 5 ? kind : named < 8 ? null : (MetricKind)(((int)kind + named - 7) % 5);

    private static AggregatorStep[] Build(long origin, RawStep[] raw)
    {
        var steps = new List<AggregatorStep>();
        long position = 0, watermark = origin;
        foreach (var step in raw)
        {
            watermark += step.Advance;
            position += step.Gap;
            var points = step.Points.Select(point => new TestPoint(IdOf(point.Series), point.Value, watermark + point.Offset)).ToArray();
            var definitions = step.Definitions.Select(static definition =>
                new TestDefinition(IdOf(definition.Series), KeyOf(definition.Series + (definition.Other ? 100 : 0)))).ToArray();
            steps.Add(new AggregatorStep(position, watermark, step.Kind == 0 ? null : new TestSlice(points, definitions, Wide: step.Kind % 2 == 0)));
        }

        return [.. steps];
    }

    private sealed record RawStep(int Advance, (int Series, double Value, int Offset)[] Points, Definition[] Definitions, int Kind, int Gap);

    private sealed record Definition(int Series, bool Other);
}

/// <summary>A record of the log: a slice of the metric, or none of it.</summary>
internal sealed record AggregatorStep(long Position, long Watermark, TestSlice? Slice)
{
    public void ApplyTo(MetricAggregator aggregator)
    {
        if (Slice is null)
        {
            aggregator.AdvanceWatermark(Watermark);
        }
        else
        {
            aggregator.Apply(new SliceReader(Slice.ToBytes()), Position, Watermark);
        }
    }

    public override string ToString() =>
        $"{Position}@{Watermark}[{Slice?.Kind} {string.Join(' ', (Slice?.Definitions ?? []).Select(static d => $"def{d.Id >> 32}"))}|{string.Join(' ', (Slice?.Points ?? []).Select(static p => $"{p.Id >> 32}:{p.Value}@{p.Time}"))}]";
}
