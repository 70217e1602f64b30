using System.Diagnostics;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary>Asks for the current aggregates of one series, again and again, with a pause between.</summary>
internal sealed class QueryProbe(int port, LoadShape shape)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>From the question to the end of the answer, in milliseconds.</summary>
    public List<double> Milliseconds { get; } = [];

    /// <summary>Runs until cancelled; asks once at least.</summary>
    /// <exception cref="IOException">A query failed.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        using var connection = new HttpConnection(port);
        // What a first query compiles is no latency of a running node.
        Ask(connection, 0);
        Milliseconds.Clear();
        for (var number = 1; Milliseconds.Count == 0 || !cancellationToken.WaitHandle.WaitOne(Pause); number++)
        {
            Ask(connection, number);
        }
    }

    private void Ask(HttpConnection connection, int number)
    {
        var metric = LinePattern.MetricName(number % shape.Metrics);
        var host = LinePattern.HostName(number * 7 % shape.SeriesPerMetric);
        var start = Stopwatch.GetTimestamp();
        var answer = connection.Get($"/api/metrics/{metric}?tag.host={host}");
        Milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (!answer.IsSuccess)
        {
            throw new IOException($"A query of {metric} was answered {answer.Status}.");
        }
    }
}
