using System.IO.Hashing;
using System.Text;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Tests.Points;

public sealed class MetricKindTests
{
    [Fact]
    public void Every_kind_has_a_name_by_which_it_is_found()
    {
        foreach (var kind in Enum.GetValues<MetricKind>())
        {
            Assert.True(kind.IsKnown());
            Assert.True(MetricKindNames.TryParse(Encoding.UTF8.GetBytes(kind.Name()), out var found));
            Assert.Equal(kind, found);
            Assert.Contains(kind.Name(), MetricKindNames.All, StringComparison.Ordinal);
        }

        Assert.False(MetricKindNames.TryParse("Gauge"u8, out _));
        Assert.False(MetricKindNames.TryParse(""u8, out _));
        Assert.False(((MetricKind)200).IsKnown());
        Assert.Equal("unknown_200", ((MetricKind)200).Name());
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(MetricKind.Gauge, 1)]
    [InlineData(MetricKind.Counter, 2)]
    [InlineData(MetricKind.CumulativeCounter, 3)]
    [InlineData(MetricKind.Distribution, 4)]
    [InlineData(MetricKind.Set, 5)]
    [InlineData((MetricKind)199, 200)]
    public void A_slice_names_a_kind_or_none(MetricKind? kind, byte written)
    {
        var writer = new PointBatchWriter("g"u8);
        writer.BeginSlice("cpu"u8, kind, 0, 0, 0, 0, wideTimes: false);
        Assert.True(PointBatch.TryParse(writer.Finish(0), out var batch, out var error), error);
        Assert.Equal(written, batch.Slices[0].Span[6]);
        Assert.Equal(kind, new SliceReader(batch.Slices[0].Span).Kind);
    }

    [Fact]
    public void Elements_of_sets_are_hashes_that_anybody_can_make()
    {
        Assert.Equal(XxHash3.HashToUInt64("ann"u8), SetElement.Of("ann"u8));
        Assert.Equal(XxHash3.HashToUInt64([0, 0, 0, 0, 0, 0, 0x45, 0x40]), SetElement.Of(42));
        Assert.Equal(SetElement.Of(0.0), SetElement.Of(-0.0));
        Assert.NotEqual(SetElement.Of(42), SetElement.Of("42"u8));

        // The bits of some hashes are no numbers.
        Assert.All(new ulong[] { 0, 0x7FF0_0000_0000_0001, 0xFFF8_0000_0000_0000, ulong.MaxValue }, static hash => Assert.Equal(hash, SetElement.FromValue(SetElement.ToValue(hash))));
    }
}
