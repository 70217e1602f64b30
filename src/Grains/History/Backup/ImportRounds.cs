using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>
/// An import from its beginning to its end: the log names the metric when its aggregator does not know it, and the aggregator takes the windows. When the partition may take the metric for an empty
/// one, the log names it once more: when the partition has persisted that it has come to that record, and the aggregator has not begun anew, nobody forgets the metric with what was imported.
/// </summary>
/// <remarks>Without Orleans' runtime, so that tests decide what fails and in which order.</remarks>
internal sealed class ImportRounds(int partition, string metric, IPointLog log, IImportTarget target, TimeProvider time)
{
    private const int MaxRounds = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Imports.</summary>
    public async Task<ImportResult> RunAsync(WindowImport import, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var answer = await target.ImportAsync(import);
            if (answer.Result is { Status: not ImportStatus.Done } refused)
            {
                return refused;
            }

            if (await AnnounceAsync(import.Kind, cancellationToken) is not { } position)
            {
                break;
            }

            if (answer is { Result: { } sure, Doubt: null })
            {
                // With that record the partition hears when there is something to be rolled up or too old.
                return sure;
            }

            if (!await WaitAsync(position, answer, cancellationToken))
            {
                break;
            }

            if (answer is { Result: { } done, Doubt: { } doubt } && await target.ConfirmAsync(answer.Begin, doubt))
            {
                return done;
            }
        }

        return new ImportResult { Status = ImportStatus.Busy, Kind = import.Kind };
    }

    /// <summary>A record without points: the metric is on its partition's list when it has been routed, and of this kind if it was of none.</summary>
    private async Task<long?> AnnounceAsync(MetricKind kind, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var writer = new PointBatchWriter("import"u8, 1024);
        writer.BeginSlice(Encoding.UTF8.GetBytes(metric), kind, points: 0, definitions: 0, definitionKeyBytes: 0, now, wideTimes: false);
        var append = new LogAppend(partition, writer.Finish(now), points: 0);
        await log.AppendAsync([append], cancellationToken);
        return append.Status == AppendStatus.Appended ? append.Position : null;
    }

    /// <summary>Waits until the aggregator has applied a record, and after an import until the partition has persisted that. False: that takes too long.</summary>
    private async Task<bool> WaitAsync(long position, AggregatorImport answer, CancellationToken cancellationToken)
    {
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started) < Patience; await Task.Delay(Pause, time, cancellationToken))
        {
            if ((await target.GetStatusAsync()).Position >= position && (answer.Result is null || await target.CheckpointAsync() >= position))
            {
                return true;
            }
        }

        return false;
    }
}
