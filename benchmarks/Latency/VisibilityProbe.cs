using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary>
/// Sends single points and measures from their acknowledgement until a query has shown them: an upper bound, since it includes the queries
/// that ask for it. Its metrics are its own, enough of them to meet most partitions.
/// </summary>
internal sealed class VisibilityProbe(int port)
{
    private const int Metrics = 32;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(7);

    private readonly long[] _sent = new long[Metrics];

    /// <summary>From the 2xx to the answer that counts the point, in milliseconds.</summary>
    public List<double> Milliseconds { get; } = [];

    /// <summary>Runs until cancelled; sends one point at least.</summary>
    /// <exception cref="IOException">A request failed.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        using var connection = new HttpConnection(port);
        for (var metric = 0; metric < Metrics; metric++)
        {
            // Makes the metrics; a grain's activation is no latency of a running series.
            Probe(connection, metric);
        }
        Milliseconds.Clear();
        for (var number = 0; Milliseconds.Count == 0 || !cancellationToken.WaitHandle.WaitOne(Pause); number++)
        {
            Probe(connection, number % Metrics);
        }
    }

    /// <summary>The points that an answer's only series counts; 0 when it has none.</summary>
    public static long CountIn(ReadOnlyMemory<byte> answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("series").EnumerateArray().Select(static series => series.GetProperty("total").GetProperty("count").GetInt64()).FirstOrDefault();
    }

    private void Probe(HttpConnection connection, int metric)
    {
        if (_sent[metric] == 0)
        {
            _sent[metric] = Counted(connection, metric);
        }
        var posted = connection.Exchange(EncodedRequest.Post("/api/v2/write", Encoding.ASCII.GetBytes($"bench_probe_{metric},host=a value=1\n")).Bytes);
        if (!posted.IsSuccess)
        {
            throw new IOException($"A probe's point was answered {posted.Status}.");
        }
        var acknowledged = Stopwatch.GetTimestamp();
        _sent[metric]++;
        while (Counted(connection, metric) < _sent[metric])
        {
            if (Stopwatch.GetElapsedTime(acknowledged) > TimeSpan.FromMinutes(1))
            {
                throw new IOException("A probe's point was acknowledged and could not be queried within a minute.");
            }
        }
        Milliseconds.Add(Stopwatch.GetElapsedTime(acknowledged).TotalMilliseconds);
    }

    /// <summary>404: nobody has seen the metric yet.</summary>
    private static long Counted(HttpConnection connection, int metric)
    {
        var answer = connection.Get($"/api/metrics/bench_probe_{metric}?limit=1");
        return answer.IsSuccess ? CountIn(answer.Body)
            : answer.Status == 404 ? 0 : throw new IOException($"A probe's query was answered {answer.Status}.");
    }
}
