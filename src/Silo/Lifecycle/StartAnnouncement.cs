using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>Tells the person who started the node where it is and how to try it.</summary>
public sealed class StartAnnouncement(
    IServer server,
    IOptions<StorageOptions> storage,
    NodeAddress address,
    IHostApplicationLifetime lifetime,
    StartAnnouncement.Switch? enabled = null) : IHostedService
{
    /// <summary>Register it in a host whose console is somebody else's.</summary>
    public static Switch Silent { get; } = new(IsOn: false);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (enabled?.IsOn != false)
        {
            lifetime.ApplicationStarted.Register(Print);
        }

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

    /// <summary>Whether the announcement is printed.</summary>
    public sealed record Switch(bool IsOn);
}
