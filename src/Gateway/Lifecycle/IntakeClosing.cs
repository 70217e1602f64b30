using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Ingest;

namespace OrleansMetrics.Gateway.Lifecycle;

/// <summary>The first step of an orderly stop, as soon as it is asked for: the process says that it is not ready, and takes no more points.</summary>
public sealed partial class IntakeClosing(
    IngestGate gate, ReadinessState readiness, IHostApplicationLifetime lifetime, IOptions<NodeOptions> options, ILogger<IntakeClosing> logger)
{
    /// <summary>Sees to it that intake is closed when the process is told to stop. Call it once, when the process starts.</summary>
    public void Arm() => lifetime.ApplicationStopping.Register(() =>
    {
        readiness.ShuttingDown();
        gate.Close();
        LogStopping();

        // The host closes connections when this returns. Answers in between carry Connection: close, so that no sender is cut off in mid request.
        Thread.Sleep(options.Value.DrainDelay);
    });

    [LoggerMessage(LogLevel.Information, "Stopping: intake is closed, requests under way finish.")]
    private partial void LogStopping();
}
