using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansMetrics.Topology.Checks;

namespace OrleansMetrics.Topology.Runs;

/// <summary>Writes a point every now and then, through one gateway after the other, each repeated with its key until it is acknowledged.</summary>
internal sealed class ProbeWriter : IDisposable
{
    public const string Metric = "probe";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri[] _gateways;
    private readonly AnswerWatch _watch;
    private readonly Task _writing;
    private readonly List<string> _violations = [];
    private volatile bool _isOver;
    private long _acknowledged;

    public ProbeWriter(IEnumerable<Uri> gateways, AnswerWatch watch)
    {
        _gateways = [.. gateways];
        _watch = watch;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Points acknowledged: all that were begun, once <see cref="EndAsync"/> has returned.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Answers that were neither 204 nor a kind of 503.</summary>
    public IReadOnlyList<string> Violations => _violations;

    public Task EndAsync()
    {
        _isOver = true;
        return _writing;
    }

    public void Dispose() => _http.Dispose();

    private async Task WriteAsync()
    {
        for (var point = 0; !_isOver; point++)
        {
            for (var attempt = point; !await TryAsync(point, _gateways[attempt % _gateways.Length]); attempt++)
            {
                await Task.Delay(Pause);
            }

            Interlocked.Increment(ref _acknowledged);
            _watch.WasWritten();
            await Task.Delay(Pause);
        }
    }

    private async Task<bool> TryAsync(int point, Uri gateway)
    {
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/write"))
            {
                Content = new ByteArrayContent(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Metric},host=a value={point}\n"))),
            };
            message.Headers.Add("Idempotency-Key", string.Create(CultureInfo.InvariantCulture, $"probe-{point}"));
            using var response = await _http.SendAsync(message);
            if (response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.ServiceUnavailable))
            {
                _violations.Add($"probe {point} was answered {response.StatusCode}");
            }

            return response.StatusCode == HttpStatusCode.NoContent;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
