namespace OrleansMetrics.Streams.PointLog;

/// <summary>A call that waits for the commit thread. Completes off that thread.</summary>
internal abstract class LogWork() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

/// <summary>Appends that are committed together.</summary>
internal sealed class AppendWork(IReadOnlyList<LogAppend> appends, long bytes) : LogWork
{
    public IReadOnlyList<LogAppend> Appends { get; } = appends;

    public long Bytes { get; } = bytes;
}

/// <summary>A trim, done chunk by chunk.</summary>
internal sealed class TrimWork(int partition, long upTo) : LogWork
{
    public int Partition { get; } = partition;

    public long UpTo { get; } = upTo;
}

/// <summary>A record to keep outside the log.</summary>
internal sealed class SetAsideWork(int partition, LogRecord record, string reason) : LogWork
{
    public int Partition { get; } = partition;

    public LogRecord Record { get; } = record;

    public string Reason { get; } = reason;
}
