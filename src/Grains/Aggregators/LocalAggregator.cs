namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// The aggregator of an activation of this silo, for whoever sends it slices from here: between the activation's own turns they are applied in the sender's turn,
/// without a message. Never two at a time.
/// </summary>
/// <remarks>
/// A sender does not wait: it sends a message when the activation is busy. The activation waits for one slice at most, in <see cref="BeginTurn"/>.
/// docs/decisions/015-slices-without-messages.md says why.
/// </remarks>
internal sealed class LocalAggregator(PersistentAggregator aggregator)
{
    private readonly Lock _access = new();
    private int _turns;

    /// <summary>The activation has ended: look for another.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Last position applied.</summary>
    public long Position
    {
        get
        {
            lock (_access)
            {
                return aggregator.Windows.Position;
            }
        }
    }

    /// <summary>The activation works on the windows, until the turn is disposed of; turns may overlap, as calls that interleave do.</summary>
    public Turn BeginTurn()
    {
        lock (_access)
        {
            _turns++;
        }

        return new Turn(this);
    }

    /// <summary>Nothing is applied this way any more.</summary>
    public void Close()
    {
        lock (_access)
        {
            IsClosed = true;
        }
    }

    /// <summary>Applies a slice now, if the activation is not busy.</summary>
    /// <returns>False when nothing was done.</returns>
    public bool TryApply(MetricSlice slice, out AggregatorStatus status)
    {
        if (!TryEnter())
        {
            status = default;
            return false;
        }

        try
        {
            status = aggregator.Apply(slice);
            return true;
        }
        finally
        {
            _access.Exit();
        }
    }

    /// <summary>Advances the watermark now, if the activation is not busy.</summary>
    /// <returns>False when nothing was done.</returns>
    public bool TryAdvance(long begin, long previous, long watermark, out AggregatorStatus status)
    {
        if (!TryEnter())
        {
            status = default;
            return false;
        }

        try
        {
            status = aggregator.Advance(begin, previous, watermark);
            return true;
        }
        finally
        {
            _access.Exit();
        }
    }

    private bool TryEnter()
    {
        if (!_access.TryEnter())
        {
            return false;
        }

        if (_turns == 0 && !IsClosed)
        {
            return true;
        }

        _access.Exit();
        return false;
    }

    private void EndTurn()
    {
        lock (_access)
        {
            _turns--;
        }
    }

    /// <summary>A turn of the activation.</summary>
    public readonly struct Turn(LocalAggregator aggregator) : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => aggregator.EndTurn();
    }
}
