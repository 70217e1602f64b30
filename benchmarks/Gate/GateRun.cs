using System.Diagnostics;
using OrleansMetrics.Benchmarks.Compare;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Gate;

/// <summary>
/// Node and yardstick side by side, both warm, loaded in turn with the same requests: Y N Y N Y …; a round is one load of the node over the mean of the
/// yardstick's loads before and after it.
/// </summary>
internal sealed class GateRun(IServerProgram program, Action<string> progress)
{
    private const int Series = 20_000;
    private const long PointsPerLoad = 400_000;
    private const long WarmUpPoints = 800_000;

    /// <summary>15 µs of the points' own time for each: six seconds a load.</summary>
    private const long EventStep = 15_000;

    /// <summary>CPU per point of the node, of each round.</summary>
    public List<double> Node { get; } = [];

    /// <summary>CPU per point of the yardstick around it.</summary>
    public List<double> Yardstick { get; } = [];

    /// <summary>Measures until <paramref name="isEnough"/>, or until the time or the rounds are used up; three rounds in any case.</summary>
    public Sample Measure(TimeSpan limit, int mostRounds, Func<Sample, bool> isEnough, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        // One connection: a request is then always one append, and what a point costs does not depend on how requests happen to meet.
        var requests = RequestSet.Build(new LoadShape { Series = Series, Connections = 1 });
        using var yardstickServer = RunningServer.Start(RoleProgram.Yardstick, cancellationToken);
        using var nodeServer = RunningServer.Start(program, cancellationToken);
        using var yardstick = new MeasuredLoad(yardstickServer, requests);
        using var node = new MeasuredLoad(nodeServer, requests);
        yardstick.WarmUp(new LoadPlan(WarmUpPoints / 2, 0, EventStep), cancellationToken);
        node.WarmUp(new LoadPlan(WarmUpPoints, 0, EventStep), cancellationToken);
        progress($"warm after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");

        var before = Cpu(yardstick, cancellationToken);
        while (true)
        {
            var measured = Cpu(node, cancellationToken);
            var after = Cpu(yardstick, cancellationToken);
            Node.Add(measured);
            Yardstick.Add((before + after) / 2);
            before = after;
            var ratios = Sample.Ratios(Node, Yardstick);
            progress($"round {Node.Count}: node {Node[^1]:0} ns/point, yardstick {Yardstick[^1]:0}, ratio {Node[^1] / Yardstick[^1]:0.00}; median {ratios.Median:0.00}");
            var isOver = Node.Count >= mostRounds || Stopwatch.GetElapsedTime(start) > limit;
            if (Node.Count >= GateVerdict.LeastRounds && (isOver || isEnough(ratios)))
            {
                return ratios;
            }
        }
    }

    private static double Cpu(MeasuredLoad load, CancellationToken cancellationToken) =>
        load.Run(new LoadPlan(PointsPerLoad, 0, EventStep), TimeSpan.Zero, cancellationToken).CpuNanosecondsPerPoint;
}
