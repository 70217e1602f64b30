using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>Builds slices the way gateways do: written into a batch, read back from its bytes.</summary>
internal static class Slices
{
    public const string Metric = "cpu.load";

    public static ReadOnlyMemory<byte> Create(IReadOnlyList<TestPoint> points, IReadOnlyList<TestDefinition>? definitions = null)
    {
        definitions ??= [];
        var baseTime = points.Count == 0 ? 0 : points.Min(point => point.Time);
        var wide = points.Any(point => point.Time - baseTime > int.MaxValue);
        var writer = new PointBatchWriter("test"u8, 256);
        var columns = writer.BeginSlice(
            "cpu.load"u8, MetricKind.Gauge, points.Count, definitions.Count, definitions.Sum(definition => definition.Key.Length), baseTime, wide);
        foreach (var definition in definitions)
        {
            columns.AddDefinition(definition.Id, definition.Key);
        }

        for (var i = 0; i < points.Count; i++)
        {
            columns.Ids[i] = points[i].Id;
            columns.Values[i] = points[i].Value;
            if (wide)
            {
                columns.WideTimes[i] = points[i].Time - baseTime;
            }
            else
            {
                columns.Times[i] = (int)(points[i].Time - baseTime);
            }
        }

        Assert.True(PointBatch.TryParse(writer.Finish(0), out var batch, out var error), error);
        return Assert.Single(batch.Slices.ToArray());
    }
}

internal readonly record struct TestPoint(ulong Id, long Time, double Value);

internal readonly record struct TestDefinition(ulong Id, byte[] Key);

internal sealed record TestSlice(long Watermark, TestPoint[] Points, TestDefinition[] Definitions)
{
    public ReadOnlyMemory<byte> Bytes { get; } = Slices.Create(Points, Definitions);
}
