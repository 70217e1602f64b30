using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>A silo or gateway of a cluster, whole, in this process.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _stopped;

    private ClusterNode(WebApplication app, Uri address, CapturedLog log)
    {
        _app = app;
        Log = log;
        Client = new NodeClient(address, log.ToString);
        Started = app.StartAsync();
    }

    public CapturedLog Log { get; }

    public NodeClient Client { get; }

    /// <summary>Completes when it has started.</summary>
    public Task Started { get; }

    public static ClusterNode LaunchSilo(string redis, string name, params string[] args) => Launch(ClusterSilo.Build, redis, name, args);

    public static ClusterNode LaunchGateway(string redis, string name, params string[] args) => Launch(GatewayNode.Build, redis, name, args);

    public async Task StopAsync()
    {
        _stopped = true;
        await _app.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_stopped)
        {
            using var patience = new CancellationTokenSource(Eventually.Patience);
            await _app.StopAsync(patience.Token);
        }

        await _app.DisposeAsync();
    }

    private static ClusterNode Launch(Func<string[], Action<WebApplicationBuilder>?, WebApplication> build, string redis, string name, string[] args)
    {
        var log = new CapturedLog();
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        var app = build(
            ["--urls", address.ToString(), "--Node:Name", name, $"--ConnectionStrings:Redis={redis}", "--Node:DrainDelay=00:00:00.05", .. args],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(log);
                builder.Services.AddSingleton(StartAnnouncement.Silent);
            });
        return new ClusterNode(app, address, log);
    }
}
