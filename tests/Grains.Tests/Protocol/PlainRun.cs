using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>A metric to which nothing happens but slices, and that it is forgotten now and then.</summary>
internal sealed class PlainRun(WindowSettings settings, IReadOnlyCollection<long> lives)
{
    private readonly Queue<long> _ends = new(lives);
    private readonly KindModel _kinds = new();
    private readonly HashSet<string> _seen = [];
    private AggregatorCounters _before;
    private MetricKind _kindBefore;

    /// <summary>Of its present life.</summary>
    public MetricAggregator Windows { get; private set; } = new(settings);

    /// <summary>Of all of its lives.</summary>
    public AggregatorCounters Counters => _before + Windows.Counters;

    public long Position { get; private set; }

    public void Apply(SliceReader slice, long position, long watermark)
    {
        if (_ends.TryPeek(out var end) && end < position)
        {
            while (_ends.TryPeek(out end) && end < position)
            {
                _ends.Dequeue();
            }

            // It was forgotten at a record before this one at the latest, and had nothing left.
            Windows.AdvanceWatermark(watermark);
            Assert.Equal("", Model.Describe(Windows));
            _before += Windows.Counters;
            _kindBefore = Windows.Kind;
            _kinds.Forget();
            Windows = new MetricAggregator(settings);
        }

        _kinds.Apply(slice, Windows.Counters.Processed > 0);
        Windows.Apply(slice, position, watermark);
        Position = position;
        if (_before.Processed > 0 && Windows.Kind != _kindBefore)
        {
            _seen.Add("another kind after it was forgotten");
        }
    }

    public void AdvanceWatermark(long watermark) => Windows.AdvanceWatermark(watermark);

    /// <summary>What was dropped is what must be.</summary>
    public void CheckKinds(Simulation simulation)
    {
        Assert.Equal(_kinds.Conflicted, Counters.Conflicted);
        foreach (var what in _seen)
        {
            simulation.Seen(what);
        }

        if (_kinds.Conflicted > 0)
        {
            simulation.Seen("slice of another kind");
        }

        if (_kinds.Kind is { } kind)
        {
            simulation.Seen(kind.Name());
        }
    }
}
