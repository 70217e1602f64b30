namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Bounds the bytes of all requests that are being read or appended. Thread-safe; never waits.</summary>
/// <param name="maxBytes">The bound.</param>
public sealed class InFlightBudget(long maxBytes)
{
    private long _bytes;

    /// <summary>Bytes reserved now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Begins a request, with nothing reserved. Dispose it when the request is answered.</summary>
    public InFlightReservation Begin() => new(this);

    internal bool TryReserve(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= maxBytes)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    internal void Release(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
