using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace OrleansMetrics.Faults.Checks;

/// <summary>Reads a node's HTTP answers.</summary>
internal sealed class HttpMetricsReader(Uri address) : IMetricsReader, IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };

    /// <inheritdoc />
    public async Task<LedgerReading?> TryReadLedgerAsync()
    {
        try
        {
            using var response = await _http.GetAsync(new Uri("/api/stats", UriKind.Relative));
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return null;
            }

            var text = await response.Content.ReadAsStringAsync();
            var stats = JsonDocument.Parse(text).RootElement;
            var partitions = stats.GetProperty("partitions").EnumerateArray().ToList();
            return new LedgerReading(
                stats.GetProperty("accepted").GetInt64(),
                stats.GetProperty("processed").GetInt64(),
                stats.GetProperty("inFlight").GetInt64(),
                stats.GetProperty("dropped").EnumerateObject().ToDictionary(static reason => reason.Name, static reason => reason.Value.GetInt64()),
                stats.GetProperty("balanced").GetBoolean() && partitions.All(static partition => partition.GetProperty("balanced").GetBoolean()),
                partitions.All(IsSettled),
                text);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException or JsonException)
        {
            // Killed, stopped or starting.
            return null;
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<string, SeriesReading>> ReadMetricAsync(string metric)
    {
        using var response = await _http.GetAsync(new Uri($"/api/metrics/{metric}?limit=100000", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return new Dictionary<string, SeriesReading>();
        }

        response.EnsureSuccessStatusCode();
        using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
        var all = new Dictionary<string, SeriesReading>(StringComparer.Ordinal);
        foreach (var series in answer.RootElement.GetProperty("series").EnumerateArray())
        {
            var tag = series.GetProperty("tags").EnumerateObject().First();
            var total = series.GetProperty("total");
            var reading = new SeriesReading { Count = total.GetProperty("count").GetInt64(), Sum = total.GetProperty("sum").GetDouble() };
            foreach (var window in series.GetProperty("windows").EnumerateArray())
            {
                reading.Windows.Add(
                    window.GetProperty("start").GetDateTimeOffset().ToUnixTimeMilliseconds(),
                    (window.GetProperty("count").GetInt64(), window.GetProperty("sum").GetDouble()));
            }

            all.Add($"{tag.Name}={tag.Value.GetString()}", reading);
        }

        if (answer.RootElement.GetProperty("next").ValueKind != JsonValueKind.Null)
        {
            throw new InvalidOperationException($"{metric} has more series than one answer.");
        }

        return all;
    }

    public void Dispose() => _http.Dispose();

    private static bool IsSettled(JsonElement partition) =>
        !partition.GetProperty("replaying").GetBoolean()
        && partition.GetProperty("stalled").GetInt64() == 0
        && partition.GetProperty("position").GetInt64() == partition.GetProperty("head").GetInt64();
}
