using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Silo.Lifecycle;

/// <summary>
/// Starts the partitions after the silo and stops the node in order: readiness drops and intake closes, the web server lets
/// requests finish, waiting points are appended, the stream drains, aggregates are flushed, the final statistics are
/// printed; then the silo deactivates its grains.
/// </summary>
/// <remarks>Registered after the silo and before the web server, so that the host stops it between them.</remarks>
public sealed partial class NodeLifecycle(
    IGrainFactory grains,
    IPointLog log,
    PointBatcher batcher,
    IntakeClosing intake,
    ReadinessState readiness,
    NodeReporter reporter,
    IOptions<NodeOptions> options,
    TimeProvider time,
    ILogger<NodeLifecycle> logger) : IHostedService
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private bool _started;

    /// <summary>Where the partitions stood at the very end of a graceful stop; null before, and when the stream was not drained in time.</summary>
    public IReadOnlyList<PartitionStatus>? FinalPartitions { get; private set; }

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        intake.Arm();
        await ForEachPartitionAsync(static flush => flush.Start());
        _started = true;
        readiness.Ready();
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The web server has stopped: nothing can be submitted any more.
        await batcher.DisposeAsync();
        if (!_started)
        {
            // Partitions that did not start cannot be drained.
            return;
        }

        try
        {
            // Half of the budget for the stream, so that the silo has the other half to flush what is left.
            using var budget = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            budget.CancelAfter(options.Value.ShutdownTimeout / 2);
            var partitions = await DrainAsync(budget.Token);
            await FlushAsync(budget.Token);
            FinalPartitions = partitions;
            PrintFinalStatistics(partitions);
        }
        catch (Exception exception)
        {
            LogDrainFailed(exception);
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ForEachPartitionAsync(static flush => flush.FlushNow()).WaitAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            LogFlushFailed(exception);
        }
    }

    private async Task<PartitionStatus[]> DrainAsync(CancellationToken cancellationToken)
    {
        var catalogue = grains.GetGrain<ICatalogueGrain>(0);
        while (true)
        {
            var partitions = await catalogue.GetPartitions(cancellationToken);
            if (partitions.All(static partition => partition.Position == partition.Head && partition.Stalled == 0))
            {
                return partitions;
            }

            await Task.Delay(DrainPoll, time, cancellationToken);
        }
    }

    private Task ForEachPartitionAsync(Func<IFlushGrain, Task> call) => Task.WhenAll(
        Enumerable.Range(0, log.Partitions).Select(partition => call(grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)))));

    private void PrintFinalStatistics(PartitionStatus[] partitions)
    {
        var node = reporter.Read();
        LogFinal(
            node.Received, node.Accepted, node.Repeated, node.Rejected.Values.Sum(), node.Flushes, node.Errors,
            partitions.Sum(static partition => partition.Accepted),
            partitions.Sum(static partition => partition.Processed),
            partitions.Sum(static partition => partition.Dropped.Values.Sum()),
            partitions.Sum(static partition => partition.InFlight),
            partitions.All(static partition => partition.Balanced) ? "balanced" : "NOT BALANCED");
    }

    [LoggerMessage(LogLevel.Information,
        "Final statistics. This run: received {Received}, accepted {Accepted}, repeated {Repeated}, rejected {Rejected}, flushes {Flushes}, errors {Errors}. "
        + "Since the log was created: accepted {TotalAccepted}, processed {Processed}, dropped {Dropped}, in flight {InFlight}; {Balance}.")]
    private partial void LogFinal(
        long received, long accepted, long repeated, long rejected, long flushes, long errors, long totalAccepted, long processed, long dropped, long inFlight,
        string balance);

    [LoggerMessage(LogLevel.Warning, "Not everything could be written to snapshots; the log keeps it for the next start.")]
    private partial void LogFlushFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The stream was not drained in time; the log keeps what is left for the next start.")]
    private partial void LogDrainFailed(Exception exception);
}
