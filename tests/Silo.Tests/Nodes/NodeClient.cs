using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>A node's HTTP surface as tests use it.</summary>
/// <param name="address">Of the node.</param>
/// <param name="diagnose">What the node has logged, for failures.</param>
internal sealed class NodeClient(Uri address, Func<string> diagnose) : IDisposable
{
    public HttpClient Http { get; } = new() { BaseAddress = address };

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body, string type = "text/plain", string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return Http.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    /// <summary>Posts line protocol that must be taken as a whole.</summary>
    public async Task WriteAsync(string lines, string query = "")
    {
        using var response = await PostAsync($"/write{query}", Encoding.UTF8.GetBytes(lines));
        Assert.True(response.StatusCode == HttpStatusCode.NoContent, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}\n{diagnose()}");
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"GET {path}: {response.StatusCode}: {text}\n{diagnose()}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<HttpStatusCode> StatusOfAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    /// <summary>Waits until every acknowledged point is accounted for; the ledger must balance all the while.</summary>
    public Task<JsonElement> SettleAsync() => Eventually.ReadAsync(
        "All points accounted for",
        async () =>
        {
            var stats = await GetAsync("/api/stats");
            Assert.True(stats.GetProperty("balanced").GetBoolean(), $"{stats}\n{diagnose()}");
            return stats;
        },
        static stats => stats.Number("inFlight") == 0 && stats.GetProperty("partitions").EnumerateArray().All(
            static p => !p.GetProperty("replaying").GetBoolean() && p.Number("stalled") == 0 && p.Number("position") == p.Number("head")),
        diagnose);

    /// <summary>Waits until all is accounted for, then reads.</summary>
    public async Task<JsonElement> ReadMetricAsync(string metric)
    {
        await SettleAsync();
        return await GetAsync($"/api/metrics/{Uri.EscapeDataString(metric)}");
    }

    /// <summary>Points by metric, of all metrics that match.</summary>
    public async Task<Dictionary<string, long>> CountPointsAsync(string match)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        string? after = null;
        do
        {
            var page = await GetAsync($"/api/metrics?match={Uri.EscapeDataString(match)}&limit=1000{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");
            foreach (var metric in page.GetProperty("metrics").EnumerateArray())
            {
                counts.Add(metric.GetProperty("name").GetString()!, metric.Number("points"));
            }

            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        return counts;
    }

    public void Dispose() => Http.Dispose();
}
