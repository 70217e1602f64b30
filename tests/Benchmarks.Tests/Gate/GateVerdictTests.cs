using System.Text.Json;
using OrleansMetrics.Benchmarks.Gate;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Tests.Gate;

public sealed class GateVerdictTests
{
    [Theory]
    [InlineData(new[] { 1.0, 1.0 }, false, false)] // too few
    [InlineData(new[] { 1.0, 1.02, 1.04 }, true, false)]
    [InlineData(new[] { 0.7, 1.0, 1.25 }, false, false)] // too wide: goes on
    [InlineData(new[] { 1.0, 1.02, 6.0, 1.04, 1.03 }, true, false)] // a snapshot fell into one round
    [InlineData(new[] { 1.4, 1.41, 1.42 }, false, true)] // goes on before it fails
    [InlineData(new[] { 1.0, 1.1, 1.5, 1.6, 1.7 }, false, false)] // noise, not a regression
    [InlineData(new[] { 1.2, 1.4, 1.5, 1.6, 1.7 }, false, true)]
    public void It_passes_when_rounds_agree_and_fails_when_three_of_four_are_above_the_limit(double[] ratios, bool settled, bool fails)
    {
        var verdict = new GateVerdict(new Sample(ratios), 1.3);

        Assert.Equal((settled, fails), (verdict.IsSettled, verdict.Fails));
    }

    [Fact]
    public void A_record_survives_being_written_and_read()
    {
        var record = new GateRecord
        {
            Ratio = 3.25, Rounds = 15, Spread = 0.04, NodeNanosecondsPerPoint = 700, YardstickNanosecondsPerPoint = 210, Recorded = "2026-01-01, commit abc", Machine = "2 cores",
        };

        Assert.Equal(record, GateRecord.Read(record.Write()));
    }

    [Fact]
    public void A_record_that_would_let_everything_pass_is_refused()
    {
        Assert.Throws<JsonException>(static () => GateRecord.Read("{}"));
        Assert.Throws<JsonException>(static () => GateRecord.Read(
            """{"ratio":0,"failsAt":1.3,"rounds":3,"spread":0,"nodeNanosecondsPerPoint":1,"yardstickNanosecondsPerPoint":1,"recorded":"","machine":""}"""));
    }

    [Fact]
    public void The_repositorys_record_can_be_read() =>
        Assert.InRange(GateRecord.Read(File.ReadAllText(Path.Combine(OrleansMetrics.Benchmarks.Servers.Repository.Root, "benchmarks", "gate.json"))).FailsAt, 1.1, 1.5);
}
