using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansMetrics.Faults.Checks;

namespace OrleansMetrics.Faults.Load;

/// <summary>
/// Connections that post large line protocol bodies, at a rate or as fast as the node takes them, until the node is gone. All bodies are the
/// same but for two points in two series of the request's own, which tell afterwards whether it was counted.
/// </summary>
internal sealed class HeavyLoad : IDisposable
{
    private const int Connections = 4;
    private const int Metrics = 20;
    private const int SeriesPerMetric = 50;
    private const int PointsPerSeries = 5;
    private const int PointsPerRequest = (Metrics * SeriesPerMetric * PointsPerSeries) + 2;
    private static readonly string[] Marks = ["mark_a", "mark_b"];

    private readonly ConcurrentDictionary<int, bool> _requests = new();
    private readonly byte[] _body = Body();
    private readonly HttpClient _http;
    private readonly TimeSpan _period;
    private readonly Task[] _connections;
    private int _ids;
    private int _acknowledged;

    /// <param name="node">Its address.</param>
    /// <param name="pointsPerSecond">Of all connections together; 0: as fast as the node takes them.</param>
    public HeavyLoad(Uri node, int pointsPerSecond)
    {
        _http = new HttpClient { BaseAddress = node };
        _period = pointsPerSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)PointsPerRequest * Connections / pointsPerSecond);
        _connections = [.. Enumerable.Range(0, Connections).Select(_ => Task.Run(RunAsync))];
    }

    public long AcknowledgedPoints => (long)Volatile.Read(ref _acknowledged) * PointsPerRequest;

    /// <summary>Waits until every connection has found the node gone.</summary>
    public Task EndAsync() => Task.WhenAll(_connections);

    /// <summary>All that is not exact: requests, series and ledger.</summary>
    public async Task<List<string>> FindDifferencesAsync(IMetricsReader reader, LedgerReading ledger)
    {
        var differences = new List<string>();
        var marks = new List<IReadOnlyDictionary<string, SeriesReading>>();
        foreach (var mark in Marks)
        {
            var series = await reader.ReadMetricAsync(mark);
            marks.Add(series);
            differences.AddRange(series.Where(static one => one.Value.Count != 1).Select(one => $"{mark} {one.Key}: {one.Value}"));
        }

        foreach (var (id, isAcknowledged) in _requests)
        {
            var counted = marks.Select(mark => mark.ContainsKey($"request={id}")).Distinct().ToList();
            if (counted.Count > 1 || (isAcknowledged && !counted[0]))
            {
                differences.Add($"request {id}, {(isAcknowledged ? "acknowledged" : "unanswered")}: {(counted.Count > 1 ? "counted in part" : "not counted")}");
            }
        }

        var requests = marks[0].Count;
        for (var metric = 0; metric < Metrics; metric++)
        {
            var series = await reader.ReadMetricAsync($"heavy_{metric}");
            var expected = (Series: SeriesPerMetric, Count: (long)requests * PointsPerSeries, Sum: (double)requests * PointsPerSeries * (metric + 1));
            if (series.Count != expected.Series || series.Values.Any(one => one.Count != expected.Count || one.Sum != expected.Sum))
            {
                differences.Add($"heavy_{metric}: expected {expected} each, found {series.Count} series: {string.Join("; ", series.Values)}");
            }
        }

        if (ledger.Accepted != (long)requests * PointsPerRequest || ledger.Processed != ledger.Accepted || !ledger.Balanced)
        {
            differences.Add($"Ledger: expected {(long)requests * PointsPerRequest} points: {ledger.Text}");
        }

        return differences;
    }

    public void Dispose() => _http.Dispose();

    private async Task RunAsync()
    {
        var next = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var id = Interlocked.Increment(ref _ids);
            _requests[id] = false;
            var own = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Marks[0]},request={id} value=1\n{Marks[1]},request={id} value=1\n"));
            try
            {
                using var content = new ByteArrayContent([.. own, .. _body]);
                using var response = await _http.PostAsync(new Uri("/write", UriKind.Relative), content);
                if (response.StatusCode == HttpStatusCode.NoContent)
                {
                    _requests[id] = true;
                    Interlocked.Increment(ref _acknowledged);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException)
            {
                // The node is gone.
                return;
            }

            next += (long)(_period.TotalSeconds * TimeProvider.System.TimestampFrequency);
            var pause = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), next);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause);
            }
        }
    }

    private static byte[] Body()
    {
        var body = new StringBuilder();
        for (var point = 0; point < PointsPerSeries; point++)
        {
            for (var metric = 0; metric < Metrics; metric++)
            {
                for (var series = 0; series < SeriesPerMetric; series++)
                {
                    body.Append(CultureInfo.InvariantCulture, $"heavy_{metric},host=server-{series} value={metric + 1}\n");
                }
            }
        }

        return Encoding.ASCII.GetBytes(body.ToString());
    }
}
