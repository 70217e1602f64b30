namespace OrleansMetrics.Cli.Host.Delivery;

/// <summary>
/// Samples that wait for the node, in order, bounded in number and in bytes. When it is full the oldest is dropped and counted.
/// Safe for one writer and one reader.
/// </summary>
internal sealed class RetryBuffer(int maxSamples, long maxBytes) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(long Number, HostSample Sample)> _samples = new();
    private readonly SemaphoreSlim _added = new(0);
    private long _next;
    private long _bytes;
    private long _dropped;

    /// <summary>Samples that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _samples.Count;
            }
        }
    }

    /// <summary>Samples that were dropped because the buffer was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <inheritdoc/>
    public void Dispose() => _added.Dispose();

    /// <summary>Adds a sample, at the price of the oldest ones when there is no room. A sample larger than the whole buffer is itself dropped.</summary>
    public void Add(HostSample sample)
    {
        lock (_gate)
        {
            _samples.AddLast((_next++, sample));
            _bytes += sample.Lines.Length;
            while (_samples.Count > maxSamples || _bytes > maxBytes)
            {
                RemoveOldest();
                Interlocked.Increment(ref _dropped);
            }
        }
        if (_added.CurrentCount == 0)
        {
            _added.Release();
        }
    }

    /// <summary>Waits for the oldest sample and leaves it in the buffer. The number is its own for the buffer's life.</summary>
    public async Task<(long Number, HostSample Sample)> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_samples.First is { } oldest)
                {
                    return oldest.Value;
                }
            }
            await _added.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes a delivered sample out; false when it was dropped in the meantime to make room, which then counts no more as dropped.</summary>
    public bool Remove(long number)
    {
        lock (_gate)
        {
            if (_samples.First is { } oldest && oldest.Value.Number == number)
            {
                RemoveOldest();
                return true;
            }
            _dropped--;
            return false;
        }
    }

    private void RemoveOldest()
    {
        _bytes -= _samples.First!.Value.Sample.Lines.Length;
        _samples.RemoveFirst();
    }
}
