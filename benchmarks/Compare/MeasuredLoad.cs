using System.Diagnostics;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>Loads on one running server, measured on both sides.</summary>
internal sealed class MeasuredLoad(RunningServer server, RequestSet requests) : IDisposable
{
    private readonly Loader _loader = new(server.Port, requests, new EventTime(TimeProvider.System));

    /// <inheritdoc/>
    public void Dispose() => _loader.Dispose();

    /// <summary>Sends a load that does not count, and waits until it has been processed.</summary>
    public void WarmUp(LoadPlan plan, CancellationToken cancellationToken)
    {
        var sent = _loader.Run(plan, cancellationToken);
        server.WaitUntilProcessed(sent.Points, cancellationToken);
    }

    /// <summary>Sends a load, waits until it has been processed, and tells what that cost.</summary>
    public LoadMeasurement Run(LoadPlan plan, TimeSpan after, CancellationToken cancellationToken)
    {
        var machine = MachineUse.Busy();
        var before = server.Use;
        var start = Stopwatch.GetTimestamp();
        var sent = _loader.Run(plan, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var leftOut = server.WaitUntilProcessed(sent.Points, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        var use = server.Use;
        var others = MachineUse.Busy() - machine - (use.Cpu - before.Cpu) - sent.LoaderCpu;
        var requestTimes = new Sample(sent.RequestMilliseconds);
        return new LoadMeasurement
        {
            CpuNanosecondsPerPoint = Nanoseconds(use.Cpu - before.Cpu, sent.Points),
            PointsPerSecond = sent.Points / elapsed.TotalSeconds,
            ResidentBytes = use.ResidentBytes,
            LoaderNanosecondsPerPoint = Nanoseconds(sent.LoaderCpu, sent.Points),
            OthersShare = Math.Max(0, others / (elapsed * Environment.ProcessorCount)),
            AfterMillisecondsPerSecond = Rest(after, use, cancellationToken),
            RequestP50 = requestTimes.Median,
            RequestP99 = requestTimes.Quantile(0.99),
            Refusals = sent.Refusals,
            LeftOut = leftOut,
        };
    }

    private static double Nanoseconds(TimeSpan cpu, long points) => cpu.Ticks * (double)TimeSpan.NanosecondsPerTick / points;

    private double Rest(TimeSpan after, ProcessUse before, CancellationToken cancellationToken)
    {
        if (after <= TimeSpan.Zero)
        {
            return 0;
        }
        cancellationToken.WaitHandle.WaitOne(after);
        return (server.Use.Cpu - before.Cpu).TotalMilliseconds / after.TotalSeconds;
    }
}
