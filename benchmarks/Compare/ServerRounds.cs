using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>All rounds of one server.</summary>
internal sealed record ServerRounds(string Server, IReadOnlyList<LoadMeasurement> Rounds)
{
    /// <summary>One figure of all rounds.</summary>
    public Sample Of(Func<LoadMeasurement, double> figure) => new(Rounds.Select(figure));

    /// <summary>CPU per point, in the order of the rounds.</summary>
    public double[] Cpu => [.. Rounds.Select(static round => round.CpuNanosecondsPerPoint)];
}
