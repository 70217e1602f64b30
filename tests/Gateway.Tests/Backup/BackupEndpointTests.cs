using System.IO.Compression;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Backup;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Queries;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Backup;

public sealed class BackupEndpointTests : IAsyncLifetime
{
    private readonly WebApplication _app;
    private readonly FakeGrainFactory _grains = new();
    private readonly FakeBackupGrain _backup = new();
    private readonly IngestGate _gate = new();
    private readonly HttpClient _client = new();

    public BackupEndpointTests()
    {
        ContentDecoding.RequireStrictValidation();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<IngestOptions>(static options => options.MaxBodyBytes = 100_000);
        builder.Services.AddSingleton<IGrainFactory>(_grains).AddSingleton(_gate).AddSingleton(new InFlightBudget(150_000)).AddQueries().AddBackup();
        _app = builder.Build();
        _app.MapBackup();
        _grains.Add<IBackupGrain>("a/b", _backup);
        _grains.Add<IAggregatorGrain>("a/b", new FakeAggregatorGrain(new MetricAggregates { Metric = "a/b", Kind = MetricKind.Distribution, Series = [] }));
    }

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task What_is_exported_can_be_posted_as_it_is()
    {
        var text = await _client.GetStringAsync(new Uri("/api/metrics/a%2Fb/backup?from=2026-01-01T00:00:00Z&tag.host=x", UriKind.Relative));
        Assert.Equal((new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), null, new Tag("host", "x")), (_backup.Query!.From, _backup.Query.To, Assert.Single(_backup.Query.Tags)));
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            """{"metric":"a/b","kind":"distribution","tags":{"host":"ü"},"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:01:00Z","count":2,"sum":0.30000000000000004,"min":0.1,"max":0.2,"last":0.1,"lastUpdated":"2026-01-01T00:00:59.999Z","revision":1,"values":[0.2,0.1]}""",
            lines[0]);
        Assert.Contains("\"sketch\":\"gAE=\"", lines[1], StringComparison.Ordinal);

        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        using var content = new ByteArrayContent(zipped.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await _client.PostAsync(new Uri("/api/metrics/a%2Fb/backup", UriKind.Relative), content);
        Assert.Equal((HttpStatusCode.OK, """{"imported":2,"alreadyThere":0,"expired":0,"rejected":0}"""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(MetricKind.Distribution, _backup.Imports.Single().Kind);
        var (expected, found) = (_backup.Stored, Assert.Single(_backup.Imports.Single().Series));
        Assert.Equal(expected.Tags, found.Tags);
        foreach (var (one, other) in expected.Windows.Zip(found.Windows))
        {
            Assert.Equal(one with { Revision = 0, Values = null, Sketch = null }, other with { Values = null, Sketch = null });
            Assert.Equal(one.Values, other.Values);
            Assert.Equal(one.Sketch, other.Sketch);
        }
    }

    [Fact]
    public async Task Lines_that_are_refused_are_listed_and_the_others_imported()
    {
        const string Good = """{"kind":"distribution","start":0,"end":1000,"values":[1]}""";
        _backup.Refuse = [new RefusedWindow(0, 1, "not_final", "Not yet.")];
        var answer = await PostAsync($"{Good}\n\nnothing\n{{\"metric\":\"c\",\"start\":0,\"end\":1000,\"values\":[1]}}\r\n{Good.Replace("distribution", "set", StringComparison.Ordinal)}\n{Good}", HttpStatusCode.BadRequest);
        Assert.Equal((1, 4), (answer.GetProperty("imported").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Equal(["3 malformed", "4 other_metric", "5 kind_conflict", "6 not_final"], answer.GetProperty("errors").EnumerateArray().Select(static error => $"{error.GetProperty("line")} {error.GetProperty("reason")}"));
    }

    [Theory]
    [InlineData(ImportStatus.Busy, HttpStatusCode.ServiceUnavailable, "Busy")]
    [InlineData(ImportStatus.KindConflict, HttpStatusCode.Conflict, "Kind conflict")]
    [InlineData(ImportStatus.NoHistory, HttpStatusCode.Conflict, "No history")]
    public async Task What_the_cluster_does_not_take_is_said(ImportStatus status, HttpStatusCode code, string title)
    {
        _backup.Status = status;
        Assert.Equal(title, (await PostAsync("""{"start":0,"end":1000,"values":[1]}""", code)).GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_node_that_stops_or_a_body_that_is_too_large_is_refused_and_an_empty_one_is_nothing()
    {
        await PostAsync(new string('x', 100_001), HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(0, (await PostAsync("\n\n", HttpStatusCode.OK)).GetProperty("imported").GetInt32());
        _gate.Close();
        await PostAsync("""{"start":0,"end":1000,"values":[1]}""", HttpStatusCode.ServiceUnavailable);
        Assert.Empty(_backup.Imports);
    }

    [Theory]
    [InlineData("/api/metrics/unknown/backup", HttpStatusCode.NotFound)]
    [InlineData("/api/metrics/a%2Fb/backup?step=1m", HttpStatusCode.BadRequest)]
    [InlineData("/api/metrics/a%2Fb/backup?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_exported_is_refused(string path, HttpStatusCode code)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(code, response.StatusCode);
    }

    private async Task<JsonElement> PostAsync(string body, HttpStatusCode expected)
    {
        using var content = new StringContent(body);
        using var response = await _client.PostAsync(new Uri("/api/metrics/a%2Fb/backup", UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private sealed class FakeBackupGrain : IBackupGrain
    {
        private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public ExportQuery? Query { get; private set; }

        public List<WindowImport> Imports { get; } = [];

        public ImportStatus Status { get; set; } = ImportStatus.Done;

        public RefusedWindow[] Refuse { get; set; } = [];

        public StoredSeries Stored { get; } = new()
        {
            Tags = [new Tag("host", "ü")],
            Windows =
            [
                new StoredWindow { Start = Start, End = Start.AddMinutes(1), Count = 2, Sum = 0.1 + 0.2, Min = 0.1, Max = 0.2, Last = 0.1, LastUpdated = Start.AddMilliseconds(59_999), Revision = 1, Values = [0.2, 0.1] },
                new StoredWindow { Start = Start.AddMinutes(1), End = Start.AddMinutes(2), Count = 9, Sum = 9, Min = 1, Max = 1, Last = 1, LastUpdated = Start.AddMinutes(1), Sketch = [0x80, 0x01] },
            ],
        };

        public async IAsyncEnumerable<StoredSeries> Export(ExportQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Query = query;
            await Task.CompletedTask;
            yield return Stored;
        }

        public Task<ImportResult> Import(WindowImport import, CancellationToken cancellationToken = default)
        {
            Imports.Add(import);
            return Task.FromResult(new ImportResult
            {
                Status = Status,
                Kind = MetricKind.Distribution,
                Imported = import.Series.Sum(static series => series.Windows.Length) - Refuse.Length,
                Refused = Refuse.Length,
                Errors = Refuse,
            });
        }
    }
}
