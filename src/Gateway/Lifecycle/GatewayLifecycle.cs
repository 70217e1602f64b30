using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Lifecycle;

/// <summary>
/// Waits for log and cluster when a gateway starts, for as long as it takes, and stops the gateway in order: readiness drops and intake closes,
/// the web server lets requests finish, waiting points are appended, the final statistics are reported and printed.
/// </summary>
/// <remarks>Registered after the Orleans client and before the web server, so that the host stops it between them.</remarks>
internal sealed partial class GatewayLifecycle(
    IServiceProvider services,
    IGrainFactory grains,
    IntakeClosing intake,
    ReadinessState readiness,
    NodeReporter reporter,
    TimeProvider time,
    ILogger<GatewayLifecycle> logger) : IHostedService
{
    private const int AttemptsPerMessage = 30;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private PointBatcher? _batcher;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        intake.Arm();
        await RepeatAsync("log", OpenLogAsync, cancellationToken);
        services.GetRequiredService<GatewayInstruments>();
        _batcher = services.GetRequiredService<PointBatcher>();
        await RepeatAsync("cluster", FindPartitionsAsync, cancellationToken);
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
            await reporter.ReportNowAsync(cancellationToken).WaitAsync(AnswerTimeout, time, cancellationToken);
        }
        catch (Exception exception)
        {
            // The cluster forgets this node's counters a little earlier.
            LogReportFailed(exception.Message);
        }
    }

    // Whatever is wrong may come right: stores and silos start later, or are away for a while.
    private async Task RepeatAsync(string what, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken)
    {
        readiness.Starting($"Waiting for the {what}.");
        for (var failures = 0; ; failures++)
        {
            try
            {
                await attempt(cancellationToken);
                return;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                readiness.Starting($"Waiting for the {what}: {exception.Message}");
                if (failures % AttemptsPerMessage == 0)
                {
                    LogWaiting(what, exception.Message);
                }
            }

            await Task.Delay(RetryPause, time, cancellationToken);
        }
    }

    // Blocks until the store has answered.
    private Task OpenLogAsync(CancellationToken cancellationToken) => Task.Run(services.GetRequiredService<IPointLog>, cancellationToken);

    // Before the client has found a silo it does not know what grains there are.
    private Task FindPartitionsAsync(CancellationToken cancellationToken) =>
        grains.GetGrain<ICatalogueGrain>(0).GetPartitions(cancellationToken).WaitAsync(AnswerTimeout, time, cancellationToken);

    [LoggerMessage(LogLevel.Warning, "Waiting for the {What}: {Reason}")]
    private partial void LogWaiting(string what, string reason);

    [LoggerMessage(LogLevel.Information,
        "Final statistics of this run: received {Received}, accepted {Accepted}, repeated {Repeated}, rejected {Rejected}, requests overloaded {Overloaded}.")]
    private partial void LogFinal(long received, long accepted, long repeated, long rejected, long overloaded);

    [LoggerMessage(LogLevel.Information, "The final statistics could not be reported to the cluster: {Reason}")]
    private partial void LogReportFailed(string reason);
}
