using System.Collections.Concurrent;
using System.Globalization;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Tests.Queries;

/// <summary>Answers from a list as the contract says; a null list is a metric never seen.</summary>
internal sealed class FakeAggregatorGrain(MetricAggregates? all) : IAggregatorGrain
{
    /// <summary>Runs before each answer, with the number of the call from 1.</summary>
    public Func<int, CancellationToken, Task> BeforeCall { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<AggregatesQuery> Queries { get; } = [];

    public async Task<MetricAggregates?> GetAggregates(AggregatesQuery query, CancellationToken cancellationToken = default)
    {
        Queries.Enqueue(query);
        await BeforeCall(Queries.Count, cancellationToken);
        if (all is null)
        {
            return null;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, AggregatesQuery.MaxLimit);
        var start = 0;
        if (query.After is { } after && !int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out start))
        {
            throw new ArgumentException("No cursor of this metric.", nameof(query));
        }

        var matching = all.Series.Where(s => query.Tags.All(s.Tags.Contains)).ToArray();
        var page = matching.Skip(start).Take(query.Limit).Select(s => s with { Windows = [.. s.Windows.Where(w => Matches(w, query))] }).ToArray();
        var next = start + page.Length;
        return all with { Series = page, Next = next < matching.Length ? next.ToString(CultureInfo.InvariantCulture) : null };
    }

    public Task Subscribe(IWindowObserver observer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task Unsubscribe(IWindowObserver observer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static bool Matches(WindowAggregate window, AggregatesQuery query) =>
        (window.Final || !query.FinalOnly) && (query.From is null || window.End > query.From) && (query.To is null || window.Start < query.To);
}
