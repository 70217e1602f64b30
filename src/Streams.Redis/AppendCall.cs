using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Redis;

/// <summary>A call of <see cref="IPointLog.AppendAsync"/>, until all its partitions have answered. Completes off the thread that answers.</summary>
internal sealed class AppendCall(long bytes, int parts) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private int _parts = parts;

    public long Bytes { get; } = bytes;

    /// <summary>True for the last part.</summary>
    public bool PartDone() => Interlocked.Decrement(ref _parts) == 0;
}

/// <summary>The appends of a call to one partition: written together or not at all.</summary>
internal sealed class AppendPart(AppendCall call)
{
    public AppendCall Call { get; } = call;

    public List<LogAppend> Appends { get; } = [];

    public long Bytes { get; private set; }

    public void Add(LogAppend append)
    {
        Appends.Add(append);
        Bytes += append.Payload.Length;
    }

    public void Answer(AppendStatus status, Exception? error)
    {
        foreach (var append in Appends)
        {
            append.Status = status;
            append.Error = error;
        }
    }
}
