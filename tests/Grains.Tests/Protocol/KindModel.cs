using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What is to become of slices that name kinds, told from the order of the log alone.</summary>
internal sealed class KindModel
{
    private MetricKind? _kind;

    /// <summary>Points that are dropped for their kind.</summary>
    public long Conflicted { get; private set; }

    /// <summary>The kind named; null: none.</summary>
    public MetricKind? Kind => _kind;

    /// <summary>The kind that a slice names: some metrics are of one kind with few exceptions, some are of any.</summary>
    public static MetricKind? Any(Random random, int metric) => random.Next(4) switch
    {
        0 => null,
        1 when metric % 2 == 1 => (MetricKind)random.Next(5),
        _ => metric switch { 0 => MetricKind.CumulativeCounter, 2 => MetricKind.Set, _ => MetricKind.Counter },
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
        if (_kind is null && !(slice.Kind is MetricKind.CumulativeCounter or MetricKind.Set && hasPoints))
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
