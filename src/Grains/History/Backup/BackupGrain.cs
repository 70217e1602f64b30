using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.History.Chunks;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>Takes windows of one metric out and in, in turns of its own: aggregation goes on meanwhile.</summary>
[MetricPlacement]
public sealed partial class BackupGrain(
    ChunkStores stores, IPointLog log, PartitionResidents residents, WindowSettings windows, SiloStatistics statistics, TimeProvider time, ILogger<BackupGrain> logger)
    : Grain, IBackupGrain, IImportTarget
{
    private readonly ILogger _logger = logger;

    private string Metric => this.GetPrimaryKeyString();

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredSeries> Export(ExportQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var aggregator = GrainFactory.GetGrain<IAggregatorIngestGrain>(Metric);
        var chunks = stores.Of(Metric);
        var reader = new BackupReader(query, (int)windows.Size, aggregator.GetHistory, async entry => await chunks.ReadAsync(entry.Id) is { } bytes ? Chunk.Parse(bytes) : null);
        await foreach (var series in reader.ReadAsync(cancellationToken))
        {
            yield return series;
        }
    }

    /// <inheritdoc />
    public async Task<ImportResult> Import(WindowImport import, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(import);
        if (import.Series.Sum(static series => (long)series.Windows.Length) > WindowImport.MaxWindows)
        {
            throw new ArgumentException($"There are more than {WindowImport.MaxWindows} windows.", nameof(import));
        }

        try
        {
            return await new ImportRounds(residents.PartitionOf(Metric), Metric, log, this, time).RunAsync(import, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Another activation, or storage, whatever it is: what is there is found by the next try.
            statistics.ErrorHandled();
            LogImportFailed(exception, Metric);
            return new ImportResult { Status = ImportStatus.Busy, Kind = import.Kind };
        }
    }

    [LoggerMessage(LogLevel.Warning, "An import of windows of {Metric} failed; the sender is asked to try again.")]
    private partial void LogImportFailed(Exception exception, string metric);

    Task<AggregatorImport> IImportTarget.ImportAsync(WindowImport import) => GrainFactory.GetGrain<IAggregatorImportGrain>(Metric).Import(import);

    Task<bool> IImportTarget.ConfirmAsync(long begin, string doubt) => GrainFactory.GetGrain<IAggregatorImportGrain>(Metric).Confirm(begin, doubt);

    Task<long> IImportTarget.CheckpointAsync() => GrainFactory.GetGrain<IFlushGrain>(PartitionKey.Format(residents.PartitionOf(Metric))).FlushNow();

    ValueTask<AggregatorStatus> IImportTarget.GetStatusAsync() => GrainFactory.GetGrain<IAggregatorIngestGrain>(Metric).GetStatus();
}
