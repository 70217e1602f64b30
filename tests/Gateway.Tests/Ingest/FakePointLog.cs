using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Tests.Ingest;

/// <summary>A log that only says how many partitions it has.</summary>
internal sealed class FakePointLog : IPointLog
{
    public int Partitions => 16;

    public ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
