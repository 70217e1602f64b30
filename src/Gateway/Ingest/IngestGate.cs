namespace OrleansMetrics.Gateway.Ingest;

/// <summary>
/// Whether this process takes points. Open at first; the code that stops the process closes it before anything else stops. While it is
/// closed every request that posts points is answered 503; requests under way go on. Thread-safe.
/// </summary>
public sealed class IngestGate
{
    private volatile bool _isOpen = true;

    /// <summary>Whether points are taken.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Takes points from now on.</summary>
    public void Open() => _isOpen = true;

    /// <summary>Takes no more points.</summary>
    public void Close() => _isOpen = false;
}
