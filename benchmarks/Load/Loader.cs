using System.Diagnostics;
using System.Text;

namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// Sends encoded requests over connections of its own, each with a thread and blocking calls: about 20 ns of the loader's own code for a point.
/// </summary>
internal sealed class Loader : IDisposable
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly RequestSet _requests;
    private readonly HttpConnection[] _connections;
    private readonly int[] _next;
    private readonly EventTime _eventTime;
    private LoadPlan _plan = new(0, 0, 0);
    private long _taken;
    private long _start;
    private long _refusals;

    /// <param name="port">Port of the server on this machine.</param>
    /// <param name="requests">What is sent. No other loader may send it at the same time.</param>
    /// <param name="eventTime">The time that points carry.</param>
    public Loader(int port, RequestSet requests, EventTime eventTime)
    {
        _requests = requests;
        _eventTime = eventTime;
        _connections = [.. Enumerable.Range(0, requests.Shape.Connections).Select(_ => new HttpConnection(port))];
        _next = new int[_connections.Length];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    /// <summary>Sends a load; goes on where the one before ended. Ends early, between requests, when cancelled.</summary>
    /// <exception cref="IOException">The server refused for good, or went away.</exception>
    public LoadResult Run(LoadPlan plan, CancellationToken cancellationToken)
    {
        (_plan, _taken, _refusals) = (plan, 0, 0);
        var latencies = new List<double>[_connections.Length];
        var failures = new Exception?[_connections.Length];
        GC.Collect();
        var cpu = Environment.CpuUsage.TotalTime;
        _start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. Enumerable.Range(0, _connections.Length).Select(number => new Thread(() =>
        {
            latencies[number] = new List<double>((int)(plan.Points / _requests.Shape.LinesPerRequest) + 1);
            try
            {
                Send(number, latencies[number], cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or InvalidDataException)
            {
                failures[number] = exception;
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        var elapsed = Stopwatch.GetElapsedTime(_start);
        if (failures.FirstOrDefault(static failure => failure is not null) is { } failed)
        {
            throw new IOException($"The load broke off: {failed.Message}", failed);
        }
        var requests = latencies.Sum(static list => (long)list.Count);
        return new LoadResult(
            requests * _requests.Shape.LinesPerRequest, elapsed, Environment.CpuUsage.TotalTime - cpu, [.. latencies.SelectMany(static list => list)], _refusals);
    }

    private void Send(int number, List<double> latencies, CancellationToken cancellationToken)
    {
        var requests = _requests.Of(number);
        var lines = _requests.Shape.LinesPerRequest;
        long taken;
        while ((taken = Interlocked.Add(ref _taken, lines) - lines) < _plan.Points && Pace(taken, cancellationToken))
        {
            var request = requests[_next[number]];
            _next[number] = (_next[number] + 1) % requests.Count;
            request.Stamp(_eventTime.Take(request.Lines, _plan.EventNanosecondsPerPoint), _plan.EventNanosecondsPerPoint);
            var sent = Stopwatch.GetTimestamp();
            Deliver(number, request, cancellationToken);
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
    }

    /// <summary>Waits until the points' turn has come; false when the load is to end.</summary>
    private bool Pace(long taken, CancellationToken cancellationToken)
    {
        if (_plan.PointsPerSecond > 0)
        {
            var wait = TimeSpan.FromSeconds(taken / _plan.PointsPerSecond) - Stopwatch.GetElapsedTime(_start);
            if (wait > TimeSpan.Zero)
            {
                cancellationToken.WaitHandle.WaitOne(wait);
            }
        }
        return !cancellationToken.IsCancellationRequested;
    }

    private void Deliver(int number, EncodedRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = _connections[number].Exchange(request.Bytes);
            if (answer.IsSuccess)
            {
                return;
            }
            if (answer.Status is not (503 or 429) || cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"status {answer.Status}: {Encoding.UTF8.GetString(answer.Body.Span[..Math.Min(500, answer.Body.Length)])}");
            }
            Interlocked.Increment(ref _refusals);
            Thread.Sleep(TimeSpan.FromTicks(Math.Clamp(answer.RetryAfter.Ticks, LeastPause.Ticks, LongestPause.Ticks)));
        }
    }
}
