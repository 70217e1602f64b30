using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Tests.Queries;

/// <summary>The windows of a list of series, as the contract says; a page of 250 series is a call.</summary>
internal sealed class FakeHistoryGrain(SeriesAggregates[] all, FakeAggregatorGrain aggregator) : IHistoryGrain
{
    public ConcurrentQueue<RangeQuery> Queries { get; } = [];

    /// <summary>Thrown instead of an answer.</summary>
    public Exception? Failure { get; set; }

    public async IAsyncEnumerable<SeriesRange> Query(RangeQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Queries.Enqueue(query);
        if (Failure is not null)
        {
            throw Failure;
        }

        var start = int.Parse(query.After ?? "0", CultureInfo.InvariantCulture);
        var matching = all.Skip(start).Where(s => query.Tags.All(s.Tags.Contains)).Take(query.Limit);
        foreach (var (series, i) in matching.Select(static (series, i) => (series, i)))
        {
            if (i % 250 == 0)
            {
                await aggregator.BeforeCall(1 + i / 250, cancellationToken);
            }

            WindowColumns windows = [.. series.Windows.Where(w => w.End > query.From && w.Start < query.To)];
            yield return new SeriesRange { Cursor = (start + i + 1).ToString(CultureInfo.InvariantCulture), Tags = series.Tags, Windows = windows };
        }
    }
}
