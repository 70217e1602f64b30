using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Health;

public sealed class HealthEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    private ReadinessState State => _server.Services.GetRequiredService<ReadinessState>();

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Live_depends_on_nothing_else()
    {
        _server.Catalogue.BeforeCall = (_, _) => throw new TimeoutException();
        State.ShuttingDown();
        var (status, body) = await Get("/health/live");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"status":"Healthy","checks":{"process":{"status":"Healthy","description":"Answering requests."}}}""", body.GetRawText());
    }

    [Fact]
    public async Task Startup_succeeds_once_and_for_good()
    {
        var (status, body) = await Get("/health/startup");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(("Unhealthy", "Starting."), Check(body, "started"));

        State.Ready();
        Assert.Equal(HttpStatusCode.OK, (await Get("/health/startup")).Status);

        State.ShuttingDown();
        Assert.Equal(HttpStatusCode.OK, (await Get("/health/startup")).Status);
    }

    [Fact]
    public async Task Ready_follows_the_life_of_the_process()
    {
        var (status, body) = await Get("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(("Unhealthy", "Starting."), Check(body, "lifecycle"));

        Assert.True(State.Starting("Waiting for the log."));
        (_, body) = await Get("/health/ready");
        Assert.Equal(("Unhealthy", "Waiting for the log."), Check(body, "lifecycle"));

        Assert.True(State.Ready());
        (status, body) = await Get("/health/ready");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Healthy", body.GetProperty("status").GetString());
        Assert.Equal(("Healthy", "Accepting and delivering points."), Check(body, "lifecycle"));
        Assert.Equal(("Healthy", "0 partitions answer."), Check(body, "catalogue"));

        Assert.True(State.ShuttingDown());
        (status, body) = await Get("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(("Unhealthy", "Shutting down."), Check(body, "lifecycle"));
    }

    [Fact]
    public void The_life_of_a_process_only_moves_forward()
    {
        var state = new ReadinessState();
        Assert.True(state.Ready());
        Assert.False(state.Starting("again"));
        Assert.Equal(NodePhase.Ready, state.Phase);
        Assert.True(state.ShuttingDown("Draining."));
        Assert.False(state.Ready());
        Assert.Equal((NodePhase.ShuttingDown, "Draining."), (state.Phase, state.Reason));
    }

    [Theory]
    [InlineData(typeof(TimeoutException))]
    [InlineData(typeof(SiloUnavailableException))]
    public async Task A_catalogue_that_fails_is_not_ready(Type failure)
    {
        State.Ready();
        _server.Catalogue.BeforeCall = (_, _) => throw (Exception)Activator.CreateInstance(failure)!;
        var (status, body) = await Get("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(("Unhealthy", "The cluster does not answer."), Check(body, "catalogue"));
        Assert.Equal("Healthy", Check(body, "lifecycle").Status);
    }

    [Fact]
    public async Task A_catalogue_that_hangs_is_not_ready_after_two_seconds()
    {
        State.Ready();
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource();
        _server.Catalogue.BeforeCall = (_, _) =>
        {
            called.TrySetResult();
            return never.Task;
        };
        var probe = Get("/health/ready");
        await called.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _server.Time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(probe.IsCompleted);
        _server.Time.Advance(TimeSpan.FromSeconds(0.2));
        var (status, body) = await probe.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(("Unhealthy", "No answer within 2 s."), Check(body, "catalogue"));
        never.SetResult();
    }

    private static (string? Status, string? Description) Check(JsonElement body, string name)
    {
        var check = body.GetProperty("checks").GetProperty(name);
        return (check.GetProperty("status").GetString(), check.GetProperty("description").GetString());
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> Get(string path)
    {
        using var response = await _server.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
