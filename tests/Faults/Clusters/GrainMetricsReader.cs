using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Faults.Checks;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>Reads a cluster by grain calls, as a gateway does.</summary>
internal sealed class GrainMetricsReader(Func<FaultCluster> cluster) : IMetricsReader
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public async Task<LedgerReading?> TryReadLedgerAsync()
    {
        try
        {
            var partitions = await cluster().Grains.GetGrain<ICatalogueGrain>(0).GetPartitions().WaitAsync(Timeout);
            var dropped = partitions.SelectMany(static partition => partition.Dropped)
                .GroupBy(static reason => reason.Key)
                .ToDictionary(static reason => reason.Key, static reason => reason.Sum(static one => one.Value));
            return new LedgerReading(
                partitions.Sum(static partition => partition.Accepted),
                partitions.Sum(static partition => partition.Processed),
                partitions.Sum(static partition => partition.InFlight),
                dropped,
                partitions.All(static partition => partition.Balanced),
                partitions.All(static partition => !partition.Replaying && partition.Stalled == 0 && partition.Position == partition.Head),
                string.Join('\n', partitions.Select(static partition => $"{partition} dropped {string.Join(' ', partition.Dropped)}")));
        }
        catch (Exception)
        {
            // A silo is gone and the others have not found out, or a store fails as told; the exceptions of a store cannot even cross silos.
            return null;
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<string, SeriesReading>> ReadMetricAsync(string metric)
    {
        var all = new Dictionary<string, SeriesReading>(StringComparer.Ordinal);
        string? after = null;
        do
        {
            var page = await cluster().Grains.GetGrain<IAggregatorGrain>(metric)
                .GetAggregates(new AggregatesQuery { Limit = AggregatesQuery.MaxLimit, After = after });
            foreach (var series in page?.Series ?? [])
            {
                var reading = new SeriesReading { Count = series.Total.Count, Sum = series.Total.Sum };
                foreach (var window in series.Windows)
                {
                    reading.Windows.Add(window.Start.ToUnixTimeMilliseconds(), (window.Count, window.Sum));
                }

                all.Add($"{series.Tags[0].Name}={series.Tags[0].Value}", reading);
            }

            after = page?.Next;
        }
        while (after is not null);

        return all;
    }
}
