using System.Diagnostics;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary>A node under one rate after the other, with probes beside the load.</summary>
internal sealed class LatencyRun : IDisposable
{
    private const int WholeMetricQueries = 10;

    private readonly RunningServer _server;
    private readonly RequestSet _requests;
    private readonly Loader _loader;

    private LatencyRun(RunningServer server, RequestSet requests)
    {
        _server = server;
        _requests = requests;
        _loader = new Loader(server.Port, requests, new EventTime(TimeProvider.System));
    }

    /// <summary>Starts the node and gives it every series.</summary>
    public static LatencyRun Start(IServerProgram node, LoadShape shape, CancellationToken cancellationToken)
    {
        var requests = RequestSet.Build(shape);
        var run = new LatencyRun(RunningServer.Start(node, cancellationToken), requests);
        try
        {
            var sent = run._loader.Run(new LoadPlan(Math.Max(1_000_000, 2L * shape.TotalSeries), 0, 1), cancellationToken);
            run._server.WaitUntilProcessed(sent.Points, cancellationToken);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loader.Dispose();
        _server.Dispose();
    }

    /// <summary>Measures at a rate; 0: at rest.</summary>
    public LatencyPoint Measure(double pointsPerSecond, TimeSpan time, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queries = new QueryProbe(_server.Port, _requests.Shape);
        var visibility = new VisibilityProbe(_server.Port);
        var machine = MachineUse.Busy();
        var own = Environment.CpuUsage.TotalTime;
        var before = _server.Use.Cpu;
        var start = Stopwatch.GetTimestamp();
        var probes = Task.WhenAll(Beside(() => queries.Run(end.Token), end), Beside(() => visibility.Run(end.Token), end));
        LoadResult? load = null;
        try
        {
            if (pointsPerSecond > 0)
            {
                load = _loader.Run(new LoadPlan((long)(pointsPerSecond * time.TotalSeconds), pointsPerSecond, 1), end.Token);
            }
            else
            {
                end.Token.WaitHandle.WaitOne(time);
            }
        }
        finally
        {
            end.Cancel();
        }
        probes.GetAwaiter().GetResult();
        cancellationToken.ThrowIfCancellationRequested();
        _server.WaitUntilProcessed(load?.Points ?? 0, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(start);
        var used = _server.Use.Cpu - before;
        var others = MachineUse.Busy() - machine - used - (Environment.CpuUsage.TotalTime - own);
        return new LatencyPoint(
            load is null ? 0 : load.Points / load.Elapsed.TotalSeconds,
            used.TotalMilliseconds / elapsed.TotalSeconds,
            load is null ? null : new Sample(load.RequestMilliseconds),
            new Sample(visibility.Milliseconds),
            new Sample(queries.Milliseconds),
            Math.Max(0, others / (elapsed * Environment.ProcessorCount)));
    }

    /// <summary>Asks for all series of a metric; milliseconds.</summary>
    public (Sample Milliseconds, int Bytes) QueryWholeMetric(CancellationToken cancellationToken)
    {
        using var connection = new HttpConnection(_server.Port);
        var times = new List<double>();
        var bytes = 0;
        for (var i = 0; i <= WholeMetricQueries; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            var answer = connection.Get($"/api/metrics/{LinePattern.MetricName(0)}?limit=100000");
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            bytes = answer.IsSuccess ? answer.Body.Length : throw new IOException($"A query of a whole metric was answered {answer.Status}.");
        }
        return (new Sample(times.Skip(1)), bytes);
    }

    /// <summary>A probe that fails ends the load.</summary>
    private static Task Beside(Action probe, CancellationTokenSource end) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                probe();
            }
            catch
            {
                end.Cancel();
                throw;
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
