namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// A partition's way to one of its aggregators: straight to it when it is on this silo and idle, by a message to its grain otherwise.
/// </summary>
/// <remarks>The grain directory decides which activation is the aggregator; one that is here and is not it, or is behind, is passed by.</remarks>
internal sealed class AggregatorLink(string metric, IAggregatorIngestGrain grain, LocalAggregators locals)
{
    private LocalAggregator? _local;
    private LocalAggregator? _avoided;

    /// <summary>The grain: what is sent to it is a message, wherever it is.</summary>
    public IAggregatorIngestGrain Grain => grain;

    /// <inheritdoc cref="IAggregatorIngestGrain.Apply"/>
    /// <remarks>Done when it returns, if it went straight. What fails, fails the task.</remarks>
    public ValueTask<AggregatorStatus> Apply(MetricSlice slice)
    {
        try
        {
            return Local is { } local && local.TryApply(slice, out var status) && status.Applied ? new(status) : grain.Apply(slice);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<AggregatorStatus>(exception);
        }
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.Advance"/>
    public ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark)
    {
        try
        {
            return Local is { } local && local.TryAdvance(begin, previous, watermark, out var status) && status.Applied ? new(status) : grain.Advance(begin, previous, watermark);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<AggregatorStatus>(exception);
        }
    }

    /// <summary>The grain stands at a position. An activation here that is beyond it is another one, which the directory does not name any more.</summary>
    public void GrainIsAt(long position)
    {
        if (Local is { } local && local.Position > position)
        {
            _avoided = local;
            _local = null;
        }
    }

    private LocalAggregator? Local
    {
        get
        {
            if (_local is null or { IsClosed: true })
            {
                var found = locals.Find(metric);
                _local = found == _avoided ? null : found;
            }

            return _local;
        }
    }
}
