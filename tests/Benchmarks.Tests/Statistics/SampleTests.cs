using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Tests.Statistics;

public sealed class SampleTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3)]
    [InlineData(new[] { 5.0, 1, 9 }, 5)]
    [InlineData(new[] { 8.0, 1, 2, 4 }, 3)]
    public void The_median_is_the_middle_or_the_mean_of_the_two_there(double[] values, double expected) => Assert.Equal(expected, new Sample(values).Median);

    [Fact]
    public void Quantiles_lie_between_their_neighbours()
    {
        var sample = new Sample([40, 10, 30, 20, 50]);

        Assert.Equal((10, 20, 46, 50), (sample.Quantile(0), sample.Quantile(0.25), sample.Quantile(0.9), sample.Quantile(1)));
        Assert.Equal((10, 50), (sample.Least, sample.Greatest));
        Assert.Equal(20.0 / 30, sample.Spread);
    }

    [Fact]
    public void Ratios_are_taken_round_by_round()
    {
        // The machine was four times slower in the second round: the quotient of the medians would be 2.
        var ratios = Sample.Ratios([2, 8, 2.2], [1, 4, 1.1]);

        Assert.Equal((2.0, 2.0), (ratios.Median, ratios.Greatest));
        Assert.Throws<ArgumentException>(static () => Sample.Ratios([1], [1, 2]));
    }

    [Fact]
    public void There_is_no_median_of_nothing() => Assert.Throws<ArgumentException>(static () => new Sample([]));
}
