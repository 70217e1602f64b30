using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>The standalone node, whole, in this process.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestNode(WebApplication app, CapturedLog log)
    {
        _app = app;
        Log = log;
        Address = new Uri(app.Urls.First());
        Client = new NodeClient(Address, log.ToString);
    }

    public CapturedLog Log { get; }

    public Uri Address { get; }

    public NodeClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Port for Orleans clients.</summary>
    public int GatewayPort => Services.GetRequiredService<NodeAddress>().GatewayPort;

    public static async Task<TestNode> StartAsync(string directory, params string[] args)
    {
        var log = new CapturedLog();
        var app = StandaloneNode.Build(
            ["--urls", "http://127.0.0.1:0", "--Storage:Directory", directory, .. args],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(log);
                builder.Services.AddSingleton(StartAnnouncement.Silent);
            });
        try
        {
            await app.StartAsync();
            return new TestNode(app, log);
        }
        catch (Exception exception)
        {
            await app.DisposeAsync();
            throw new InvalidOperationException($"The node did not start.\n{log}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
