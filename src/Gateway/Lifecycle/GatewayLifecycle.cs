using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Lifecycle;

/// <summary>
/// Opens the log when a gateway starts, as often as it takes, and stops the gateway in order: readiness drops and intake closes,
/// the web server lets requests finish, waiting points are appended, the final statistics are reported and printed.
/// </summary>
/// <remarks>Registered after the Orleans client and before the web server, so that the host stops it between them.</remarks>
internal sealed partial class GatewayLifecycle(
    IServiceProvider services,
    IngestGate gate,
    ReadinessState readiness,
    NodeReporter reporter,
    IHostApplicationLifetime lifetime,
    IOptions<NodeOptions> options,
    TimeProvider time,
    ILogger<GatewayLifecycle> logger) : IHostedService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(2);

    private PointBatcher? _batcher;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() =>
        {
            readiness.ShuttingDown();
            gate.Close();
            LogStopping();

            // The host closes connections when this returns. Answers in between carry Connection: close, so that no sender is cut off in mid request.
            Thread.Sleep(options.Value.DrainDelay);
        });
        for (var failures = 0; !await TryOpenLogAsync(failures); failures++)
        {
            await Task.Delay(RetryPause, time, cancellationToken);
        }

        services.GetRequiredService<GatewayInstruments>();
        _batcher = services.GetRequiredService<PointBatcher>();
        readiness.Ready();
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_batcher is null)
        {
            return;
        }

        // The web server has stopped: nothing can be submitted any more.
        await _batcher.DisposeAsync();
        var node = reporter.Read();
        LogFinal(node.Received, node.Accepted, node.Repeated, node.Rejected.Values.Sum(), node.Overloaded);
        try
        {
            await reporter.ReportNowAsync(cancellationToken).WaitAsync(ReportTimeout, time, cancellationToken);
        }
        catch (Exception exception)
        {
            // The cluster forgets this node's counters a little earlier.
            LogReportFailed(exception.Message);
        }
    }

    private async Task<bool> TryOpenLogAsync(int failures)
    {
        readiness.Starting("Opening the log.");
        try
        {
            // Blocks until the store has answered.
            await Task.Run(services.GetRequiredService<IPointLog>);
            return true;
        }
        catch (InvalidOperationException exception)
        {
            readiness.Starting($"The log cannot be opened: {exception.Message}");
            if (failures % 30 == 0)
            {
                LogNotOpen(exception.Message);
            }

            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The log cannot be opened, and is tried every second: {Reason}")]
    private partial void LogNotOpen(string reason);

    [LoggerMessage(LogLevel.Information, "Stopping: intake is closed, requests under way finish.")]
    private partial void LogStopping();

    [LoggerMessage(LogLevel.Information,
        "Final statistics of this run: received {Received}, accepted {Accepted}, repeated {Repeated}, rejected {Rejected}, requests overloaded {Overloaded}.")]
    private partial void LogFinal(long received, long accepted, long repeated, long rejected, long overloaded);

    [LoggerMessage(LogLevel.Information, "The final statistics could not be reported to the cluster: {Reason}")]
    private partial void LogReportFailed(string reason);
}
