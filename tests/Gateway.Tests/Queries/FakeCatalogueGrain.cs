using System.Collections.Concurrent;
using System.IO.Enumeration;
using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;

namespace OrleansMetrics.Gateway.Tests.Queries;

internal sealed class FakeCatalogueGrain : ICatalogueGrain
{
    public MetricSummary[] Metrics { get; set; } = [];

    public PartitionStatus[] Partitions { get; set; } = [];

    public Func<int, CancellationToken, Task> BeforeCall { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<CatalogueQuery> Queries { get; } = [];

    public async Task<MetricPage> ListMetrics(CatalogueQuery query, CancellationToken cancellationToken = default)
    {
        Queries.Enqueue(query);
        await BeforeCall(Queries.Count, cancellationToken);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, CatalogueQuery.MaxLimit);
        var matching = Metrics
            .OrderBy(m => m.Name, StringComparer.Ordinal)
            .Where(m => query.Match is null || FileSystemName.MatchesSimpleExpression(query.Match, m.Name, ignoreCase: false))
            .Where(m => query.After is null || string.CompareOrdinal(m.Name, query.After) > 0)
            .ToArray();
        var page = matching.Take(query.Limit).ToArray();
        return new MetricPage(page, page.Length < matching.Length ? page[^1].Name : null);
    }

    public async Task<PartitionStatus[]> GetPartitions(CancellationToken cancellationToken = default)
    {
        await BeforeCall(0, cancellationToken);
        return Partitions;
    }
}
