using Microsoft.Extensions.Logging;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Partitions;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Flush;

/// <summary>What a partition persists in one go: snapshots of dirty aggregators ▸ checkpoint ▸ trim of the log.</summary>
/// <remarks>
/// Without Orleans' runtime, so that tests decide what fails and in which order. A round that fails anywhere has done nothing
/// wrong, and the next one does it again; rounds of several activations may overlap.
/// </remarks>
internal sealed partial class FlushRounds(
    int partition, IPointLog log, IPartitionGrain partitionGrain, Func<string, IAggregatorIngestGrain> aggregators, int parallelism, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private long _trimmedTo;

    /// <summary>One round. Returns the checkpoint.</summary>
    public async Task<long> RunAsync()
    {
        var dirty = await partitionGrain.GetDirtyMetrics();
        var flushed = new List<FlushedMetric>(dirty.Length);
        foreach (var group in dirty.Chunk(parallelism))
        {
            var writes = group.Select(FlushAsync).ToArray();
            foreach (var metric in await Task.WhenAll(writes))
            {
                if (metric is { } one)
                {
                    flushed.Add(one);
                }
            }
        }

        var checkpoint = await partitionGrain.Checkpoint([.. flushed]);
        if (checkpoint > _trimmedTo)
        {
            await log.TrimAsync(partition, checkpoint, CancellationToken.None);
            _trimmedTo = checkpoint;
        }

        return checkpoint;
    }

    private async Task<FlushedMetric?> FlushAsync(string metric)
    {
        try
        {
            return new FlushedMetric(metric, await aggregators(metric).Flush());
        }
        catch (Exception exception)
        {
            // The metric stays dirty, holds the checkpoint back and is tried again in the next round.
            LogSnapshotFailed(exception, metric, partition);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The snapshot of {Metric} (partition {Partition}) failed; its points stay in the log and the next round tries again.")]
    private partial void LogSnapshotFailed(Exception exception, string metric, int partition);
}
