using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Grains.Telemetry;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>
/// Creates the instruments as the node starts. One that is first created for the first request is missing from <c>/metrics</c> until then,
/// and one that nobody asks for is missing for good.
/// </summary>
internal sealed class InstrumentActivation(IServiceProvider services) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        services.GetRequiredService<GrainsInstruments>();
        services.GetService<GatewayInstruments>();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
