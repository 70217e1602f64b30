using OrleansMetrics.Benchmarks.CommandLine;

namespace OrleansMetrics.Benchmarks.Tests.CommandLine;

public sealed class OptionValuesTests
{
    [Fact]
    public void Numbers_are_separated_by_commas()
    {
        Assert.True(OptionValues.TryParse("1000,100000", out var numbers));
        Assert.Equal([1_000, 100_000], numbers);
        Assert.All(["", "1,", "a", "-1", "1;2", "99999999999"], static text => Assert.False(OptionValues.TryParse(text, out _)));
    }

    [Fact]
    public void Measuring_commands_are_told_from_those_of_the_micro_benchmarks()
    {
        Assert.All(["compare", "latency", "scale", "gate", "serve"], static name => Assert.True(MeasuringCommands.Includes([name, "--help"])));
        Assert.False(MeasuringCommands.Includes([]));
        Assert.False(MeasuringCommands.Includes(["--filter", "*"]));
        Assert.False(MeasuringCommands.Includes(["memory"]));
    }
}
