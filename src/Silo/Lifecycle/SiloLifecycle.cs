using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>
/// Raises a silo's readiness, and stops the silo in order: readiness drops, what Orleans clients have published is appended, its own partitions
/// are flushed; then the silo hands them over to the others and stops. The stream of the cluster goes on meanwhile.
/// </summary>
/// <remarks>Registered after the silo, so that the host stops it before.</remarks>
internal sealed partial class SiloLifecycle(
    IGrainFactory grains,
    PartitionOwnership ownership,
    PointBatcher batcher,
    ReadinessState readiness,
    NodeReporter reporter,
    IHostApplicationLifetime lifetime,
    IOptions<NodeOptions> options,
    ILogger<SiloLifecycle> logger) : IHostedService
{
    private bool _started;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = true;
        lifetime.ApplicationStopping.Register(() => readiness.ShuttingDown());

        // The partitions become active by themselves, and are checked for.
        readiness.Ready();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await batcher.DisposeAsync();
        if (!_started)
        {
            // The silo has no partitions that could be flushed.
            return;
        }

        LogStopping();
        try
        {
            // What is persisted need not be read again by the silos that take over. Half of the budget: the rest is for the silo.
            using var budget = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            budget.CancelAfter(options.Value.ShutdownTimeout / 2);
            await Task.WhenAll(Enumerable.Range(0, ownership.Partitions).Where(ownership.IsHere)
                .Select(partition => grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)).FlushNow())).WaitAsync(budget.Token);
            await reporter.ReportNowAsync(budget.Token).WaitAsync(budget.Token);
        }
        catch (Exception exception)
        {
            LogFlushFailed(exception);
        }

        var node = reporter.Read();
        LogFinal(node.Processed, node.Late, node.Flushes, node.Errors);
    }

    [LoggerMessage(LogLevel.Information, "Stopping: the partitions of this silo are flushed and handed over.")]
    private partial void LogStopping();

    [LoggerMessage(LogLevel.Information, "Final statistics of this run: processed {Processed}, late {Late}, flushes {Flushes}, errors {Errors}.")]
    private partial void LogFinal(long processed, long late, long flushes, long errors);

    [LoggerMessage(LogLevel.Warning, "Not everything was flushed before the stop; the log has the rest.")]
    private partial void LogFlushFailed(Exception exception);
}
