using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OrleansMetrics.Gateway.Hosting;

namespace OrleansMetrics.Gateway.Lifecycle;

/// <summary>Tells the person who started the node where it is and, if it takes points, how to try it.</summary>
public sealed class StartAnnouncement(
    IServer server,
    NodeAddress address,
    NodeRole role,
    StartAnnouncement.Details details,
    IServiceProvider services,
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
        var ready = $"{Environment.NewLine}OrleansMetrics is ready on {url}   ({details.Describe(services)}){Environment.NewLine}";
        Console.WriteLine(role == NodeRole.Silo ? ready :
            $"""
            {ready}
              send a point:   curl -i '{url}/write' --data-binary 'cpu_usage,host=a value=1'
              read it back:   curl '{url}/api/metrics/cpu_usage'

            """);
    }

    /// <summary>Whether the announcement is printed.</summary>
    public sealed record Switch(bool IsOn);

    /// <summary>What the announcement says besides the address.</summary>
    public sealed record Details(Func<IServiceProvider, string> Describe);
}
