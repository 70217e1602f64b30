using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What is to become of slices that name kinds, told from the order of the log alone.</summary>
internal sealed class KindModel
{
    private MetricKind? _kind;

    /// <summary>Points that are dropped for their kind.</summary>
    public long Conflicted { get; private set; }

    public bool IsCumulative => _kind == MetricKind.CumulativeCounter;

    /// <summary>The kind that a slice names: some metrics are of one kind with few exceptions, some are of any.</summary>
    public static MetricKind? Any(Random random, int metric) => random.Next(4) switch
    {
        0 => null,
        1 => metric % 2 == 0 ? MetricKind.CumulativeCounter : (MetricKind)random.Next(4),
        _ => metric % 2 == 0 ? MetricKind.CumulativeCounter : MetricKind.Counter,
    };

    /// <summary>The metric begins anew.</summary>
    public void Forget()
    {

        _kind = null;
    }

    /// <summary>Takes a slice.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="hasPoints">Whether the metric has any points.</param>
    public void Apply(in SliceReader slice, bool hasPoints)
    {
        if (_kind is null && !(slice.Kind == MetricKind.CumulativeCounter && hasPoints))
        {
            _kind = slice.Kind;
        }

        var isCounter = _kind is MetricKind.Counter or MetricKind.CumulativeCounter;
        foreach (var value in slice.Values)
        {
            Conflicted += (slice.Kind is { } named && named != _kind) || (isCounter && value < 0) ? 1 : 0;
        }
    }
}
