using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Faults.Injection;

/// <summary>A point log whose appends fail as told, as a log does: by their status.</summary>
internal sealed class FaultyPointLog(IPointLog inner, FaultInjector injector) : IPointLog
{
    /// <inheritdoc />
    public int Partitions => inner.Partitions;

    /// <inheritdoc />
    public async ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        try
        {
            await injector.WriteAsync("log", () => inner.AppendAsync(appends, cancellationToken).AsTask(), CancellationToken.None);
        }
        catch (StoreFaultException exception)
        {
            foreach (var append in appends)
            {
                append.Status = AppendStatus.Failed;
                append.Error = exception;
            }
        }
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        injector.BeforeRead();
        return inner.ReadAsync(partition, after, maxBytes, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) => inner.WaitAsync(partition, after, cancellationToken);

    /// <inheritdoc />
    public ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken) => inner.GetHeadAsync(partition, cancellationToken);

    /// <inheritdoc />
    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken) => inner.TrimAsync(partition, upTo, cancellationToken);

    /// <inheritdoc />
    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken) =>
        inner.SetAsideAsync(partition, record, reason, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
