using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Tests.Batching;

/// <summary>A log in memory that answers each partition's appends as told, and can be held up.</summary>
internal sealed class ScriptedLog(int partitions) : IPointLog
{
    private readonly Dictionary<int, AppendStatus> _answers = [];
    private TaskCompletionSource _open = Completed();
    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Partitions => partitions;

    /// <summary>What was appended, in order, call by call.</summary>
    public List<IReadOnlyList<LogAppend>> Calls { get; } = [];

    public IEnumerable<PointBatch> Batches => Calls.SelectMany(static call => call).Where(static append => append.Status == AppendStatus.Appended).Select(Open);

    public void Answer(int partition, AppendStatus status) => _answers[partition] = status;

    /// <summary>Answers of the next appends, one by one, before those that stand.</summary>
    public Queue<AppendStatus> Next { get; } = [];

    /// <summary>Answers of the next calls as a whole, before all others.</summary>
    public Queue<Action<IReadOnlyList<LogAppend>>> NextCalls { get; } = [];

    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _open.SetResult();

    /// <summary>Completes when an append has arrived since the last time.</summary>
    public async Task AppendArrives()
    {
        await _called.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public async ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        Calls.Add([.. appends]);
        _called.TrySetResult();
        await _open.Task.WaitAsync(cancellationToken);
        if (NextCalls.TryDequeue(out var answer))
        {
            answer(appends);
            return;
        }

        foreach (var append in appends)
        {
            append.Status = Next.TryDequeue(out var next) ? next : _answers.GetValueOrDefault(append.Partition, AppendStatus.Appended);
            append.Error = append.Status == AppendStatus.Failed ? new IOException("scripted") : null;
        }
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static PointBatch Open(LogAppend append)
    {
        Assert.True(PointBatch.TryParse(append.Payload, out var batch, out var error), error);
        Assert.Equal(append.Points, batch.Points);
        return batch;
    }

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
