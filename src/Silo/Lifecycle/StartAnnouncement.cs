using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>Tells the person who started the node where it is and how to try it.</summary>
public sealed class StartAnnouncement(
    IServer server, IOptions<StorageOptions> storage, NodeAddress address, IHostApplicationLifetime lifetime) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Print);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Print()
    {
        var url = (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? address.Url.ToString()).TrimEnd('/');
        Console.WriteLine(
            $"""

            OrleansMetrics is ready on {url}   (data: {Path.GetFullPath(storage.Value.Directory)}, Orleans clients: 127.0.0.1:{address.GatewayPort})

              send a point:   curl -i '{url}/write' --data-binary 'cpu_usage,host=a value=1'
              read it back:   curl '{url}/api/metrics/cpu_usage'

            """);
    }
}
