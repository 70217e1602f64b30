using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

public sealed class ExponentialHistogramTests
{
    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(70_000)]
    public void Many_equal_values_are_all_counted(int count)
    {
        var sketch = new ExponentialHistogram();
        for (var i = 0; i < count; i++)
        {
            sketch.Add(42);
        }

        Assert.Equal(count, sketch.Count);
        Assert.Equal(42, sketch.Quantile(0.5, 42, 42));
        Assert.Equal(42, sketch.Quantile(1, 0, 100), 42 * 0.011);
    }
}
