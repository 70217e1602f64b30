using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace OrleansMetrics.Topology.Checks;

/// <summary>
/// The longest time in which nobody got an answer, from whichever gateway, as senders behind a load balancer see it: writes that were
/// acknowledged, and queries that every partition has answered.
/// </summary>
internal sealed class AnswerWatch : IAsyncDisposable
{
    /// <summary>More than begin before a query is given up (4 s): those that wait for a silo that is gone must not hold up the others.</summary>
    private const int MaxUnderWay = 150;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new() { Timeout = Timeout };
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _watching;
    private readonly Gap _writes = new();
    private readonly Gap _queries = new();

    public AnswerWatch(IEnumerable<Uri> gateways) => _watching = [.. gateways.Select(gateway => Task.Run(() => WatchAsync(new Uri(gateway, "/api/metrics?limit=1000"))))];

    /// <summary>A write was acknowledged.</summary>
    public void WasWritten() => _writes.Answered();

    /// <summary>Forgets the gaps so far.</summary>
    public void Begin()
    {
        _writes.Begin();
        _queries.Begin();
    }

    /// <summary>The longest gaps since <see cref="Begin"/>, also those that have not ended.</summary>
    public string End() => string.Create(
        CultureInfo.InvariantCulture, $"longest time without answers: writes {_writes.Longest.TotalMilliseconds:F0} ms, queries {_queries.Longest.TotalMilliseconds:F0} ms");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_watching);
        _http.Dispose();
        _stop.Dispose();
    }

    // A new query every now and then, whether or not those before have been answered: one that waits for a silo that is gone holds nothing up.
    private async Task WatchAsync(Uri query)
    {
        var underWay = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            underWay.RemoveAll(static task => task.IsCompleted);
            if (underWay.Count < MaxUnderWay)
            {
                underWay.Add(QueryAsync(query));
            }

            await Task.Delay(Pause);
        }

        await Task.WhenAll(underWay);
    }

    private async Task QueryAsync(Uri query)
    {
        try
        {
            using var response = await _http.GetAsync(query, _stop.Token);
            if (response.IsSuccessStatusCode)
            {
                _queries.Answered();
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException or IOException)
        {
            // Not answered: that is what is measured.
        }
    }

    private sealed class Gap
    {
        private readonly Lock _lock = new();
        private long _last = Stopwatch.GetTimestamp();
        private TimeSpan _longest;

        public TimeSpan Longest
        {
            get
            {
                lock (_lock)
                {
                    var open = Stopwatch.GetElapsedTime(_last);
                    return open > _longest ? open : _longest;
                }
            }
        }

        public void Answered()
        {
            lock (_lock)
            {
                var gap = Stopwatch.GetElapsedTime(_last);
                _longest = gap > _longest ? gap : _longest;
                _last = Stopwatch.GetTimestamp();
            }
        }

        public void Begin()
        {
            lock (_lock)
            {
                _longest = TimeSpan.Zero;
            }
        }
    }
}
