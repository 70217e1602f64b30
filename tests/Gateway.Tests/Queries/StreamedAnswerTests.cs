using System.Net;
using System.Text;
using System.Text.Json;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class StreamedAnswerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(SiloUnavailableException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task A_cluster_that_does_not_answer_is_503(Type failure)
    {
        Task Fail(int call, CancellationToken token) => throw (Exception)Activator.CreateInstance(failure)!;
        _server.AddMetric("m", GatewayServer.Series(0)).BeforeCall = Fail;
        _server.Catalogue.BeforeCall = Fail;
        foreach (var path in new[] { "/api/metrics", "/api/metrics/m", "/api/metrics/m/windows", "/api/stats" })
        {
            await HttpAssert.ProblemAsync(_server.Client, path, HttpStatusCode.ServiceUnavailable);
            using var response = await _server.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        }
    }

    [Theory]
    [InlineData("/api/metrics/m")]
    [InlineData("/api/metrics/m/windows")]
    [InlineData("/api/metrics?limit=3000")]
    public async Task A_failure_after_the_start_breaks_the_connection(string path)
    {
        // The failure waits until the client has the status: a reset may overtake what was sent before it.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task FailOnSecond(int call, CancellationToken token)
        {
            if (call > 1)
            {
                await started.Task.WaitAsync(token);
                throw new TimeoutException();
            }
        }

        _server.AddMetric("m", [.. Enumerable.Range(0, 300).Select(i => GatewayServer.Series(i))]).BeforeCall = FailOnSecond;
        _server.Catalogue.Metrics = [.. Enumerable.Range(0, 1_500).Select(i => new MetricSummary($"m{i}", MetricKind.Gauge, 1, 1))];
        _server.Catalogue.BeforeCall = FailOnSecond;
        using var response = await _server.Client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        started.SetResult();
        await Assert.ThrowsAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_first_page_is_sent_before_the_second_is_read()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.AddMetric("m", [.. Enumerable.Range(0, 300).Select(i => GatewayServer.Series(i))]).BeforeCall =
            (call, token) => call < 2 ? Task.CompletedTask : release.Task.WaitAsync(token);
        using var response = await _server.Client.GetAsync(new Uri("/api/metrics/m", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var text = new StringBuilder();
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(Patience);
        while (!text.ToString().Contains("server-249", StringComparison.Ordinal))
        {
            var read = await body.ReadAsync(buffer, patience.Token);
            Assert.NotEqual(0, read);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        release.SetResult();
        using var rest = new StreamReader(body);
        text.Append(await rest.ReadToEndAsync(patience.Token));
        Assert.Equal(300, JsonDocument.Parse(text.ToString()).RootElement.GetProperty("series").GetArrayLength());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_that_goes_away_cancels_the_grain_call(int atCall)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.AddMetric("m", [.. Enumerable.Range(0, 300).Select(i => GatewayServer.Series(i))]).BeforeCall = async (call, token) =>
        {
            if (call == atCall)
            {
                await using var registration = token.Register(cancelled.SetResult);
                called.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            }
        };
        using var leave = new CancellationTokenSource();
        var request = _server.Client.GetStringAsync(new Uri("/api/metrics/m", UriKind.Relative), leave.Token);
        await called.Task.WaitAsync(Patience);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await cancelled.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Twenty_thousand_series_come_in_one_answer()
    {
        _server.AddMetric("m", [.. Enumerable.Range(0, 20_000).Select(i => GatewayServer.Series(i))]);
        var answer = await HttpAssert.JsonAsync(_server.Client, "/api/metrics/m?limit=100000");
        Assert.Equal(20_000, answer.GetProperty("series").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("next").ValueKind);
    }
}
