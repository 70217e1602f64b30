using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>
/// Clients that post until the node is gone. Every request has a metric of its own, so that afterwards its points can be told from all
/// others: there as a whole, in part, twice, or not at all.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    public const int PointsPerRequest = 20;

    /// <summary>Sum of the values of a request: 1 to 20.</summary>
    public const double SumPerRequest = PointsPerRequest * (PointsPerRequest + 1) / 2.0;

    private readonly ConcurrentDictionary<string, bool> _requests = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _enough = new();
    private readonly Uri _address;
    private readonly bool _keyed;
    private readonly Task[] _clients;
    private int _acknowledged;

    private Load(Uri address, int clients, bool keyed)
    {
        _address = address;
        _keyed = keyed;
        _clients = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client)))];
    }

    /// <summary>Metrics of the requests answered 204.</summary>
    public HashSet<string> Acknowledged => [.. _requests.Where(static request => request.Value).Select(static request => request.Key)];

    /// <summary>Metrics of the requests answered otherwise or not at all.</summary>
    public HashSet<string> Unacknowledged => [.. _requests.Where(static request => !request.Value).Select(static request => request.Key)];

    /// <summary>Starts to post. With keys the requests can be sent again: <see cref="RepeatAsync"/>.</summary>
    public static Load Start(Uri address, int clients = 4, bool keyed = false) => new(address, clients, keyed);

    /// <summary>Waits for the load to be well under way.</summary>
    public Task UnderWayAsync(int requests, Func<string> diagnose) => Eventually.ReadAsync(
        $"{requests} requests acknowledged", () => Task.FromResult(Volatile.Read(ref _acknowledged)), count => count >= requests, diagnose);

    /// <summary>Waits until every client has found the node gone.</summary>
    public async Task EndAsync()
    {
        _enough.CancelAfter(Eventually.Patience);
        await Task.WhenAll(_clients);
    }

    /// <summary>Sends every request again, acknowledged or not. Returns those of which the node says that it had them.</summary>
    public async Task<HashSet<string>> RepeatAsync(Uri address)
    {
        var replayed = new HashSet<string>(StringComparer.Ordinal);
        using var http = new HttpClient { BaseAddress = address };
        foreach (var metric in _requests.Keys)
        {
            using var response = await PostAsync(http, metric, CancellationToken.None);
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
            if (response.Headers.Contains("Idempotent-Replayed"))
            {
                replayed.Add(metric);
            }
        }

        return replayed;
    }

    /// <summary>What is wrong with the points that a node has: of acknowledged requests all, once; of the others all or none.</summary>
    public List<string> FindFaults(Dictionary<string, long> counted) =>
    [
        .. Acknowledged.Where(metric => counted.GetValueOrDefault(metric) != PointsPerRequest)
            .Select(metric => $"acknowledged {metric}: {counted.GetValueOrDefault(metric)} points"),
        .. Unacknowledged.Where(metric => counted.GetValueOrDefault(metric) is not (0 or PointsPerRequest))
            .Select(metric => $"unacknowledged {metric}: {counted.GetValueOrDefault(metric)} points"),
        .. counted.Keys.Where(metric => !_requests.ContainsKey(metric)).Select(metric => $"never posted: {metric}"),
    ];

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_clients);
        _enough.Dispose();
    }

    private async Task RunAsync(int client)
    {
        using var http = new HttpClient { BaseAddress = _address };
        for (var i = 0; !_enough.IsCancellationRequested; i++)
        {
            var metric = string.Create(CultureInfo.InvariantCulture, $"load_{client}_{i}");
            _requests[metric] = false;
            try
            {
                using var response = await PostAsync(http, metric, _enough.Token);
                if (response.StatusCode == HttpStatusCode.NoContent)
                {
                    _requests[metric] = true;
                    Interlocked.Increment(ref _acknowledged);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
            {
                // The node is gone, or the test is over.
                return;
            }
        }
    }

    private async Task<HttpResponseMessage> PostAsync(HttpClient http, string metric, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/write", UriKind.Relative)) { Content = new ByteArrayContent(Body(metric)) };
        if (_keyed)
        {
            request.Headers.Add("Idempotency-Key", metric);
        }

        return await http.SendAsync(request, cancellationToken);
    }

    private static byte[] Body(string metric)
    {
        var body = new StringBuilder();
        for (var i = 1; i <= PointsPerRequest; i++)
        {
            body.Append(CultureInfo.InvariantCulture, $"{metric},host=h{i % 3} value={i}\n");
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }
}
