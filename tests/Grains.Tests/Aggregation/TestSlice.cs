using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>A slice as a test describes it.</summary>
internal sealed record TestSlice(TestPoint[] Points, TestDefinition[] Definitions, bool Wide = false, MetricKind? Kind = null)
{
    public byte[] ToBytes()
    {
        var baseTime = Points.Length == 0 ? 0 : Points.Min(static point => point.Time);
        var writer = new PointBatchWriter("test"u8);
        var columns = writer.BeginSlice(
            "metric"u8, Kind, Points.Length, Definitions.Length, Definitions.Sum(static definition => definition.Key.Length), baseTime, Wide);
        foreach (var definition in Definitions)
        {
            columns.AddDefinition(definition.Id, definition.Key);
        }

        for (var i = 0; i < Points.Length; i++)
        {
            columns.Ids[i] = Points[i].Id;
            columns.Values[i] = Kind == MetricKind.Set ? SetElement.ToValue(SetElement.Of(Points[i].Value)) : Points[i].Value;
            if (Wide)
            {
                columns.WideTimes[i] = Points[i].Time - baseTime;
            }
            else
            {
                columns.Times[i] = checked((int)(Points[i].Time - baseTime));
            }
        }

        Assert.True(PointBatch.TryParse(writer.Finish(0), out var batch, out var error), error);
        return batch.Slices[0].ToArray();
    }
}

internal sealed record TestPoint(ulong Id, double Value, long Time);

internal sealed record TestDefinition(ulong Id, byte[] Key);
