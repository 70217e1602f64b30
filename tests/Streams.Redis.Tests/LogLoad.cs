using System.Buffers.Binary;
using System.Collections.Concurrent;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Redis.Tests;

/// <summary>Callers that append numbered records to all partitions until told to stop, and what they were answered.</summary>
internal sealed class LogLoad : IAsyncDisposable
{
    private readonly ConcurrentBag<LogAppend> _answered = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(int Answers, AppendStatus Status), TaskCompletionSource> _awaited = [];
    private readonly Task[] _callers;
    private readonly int[] _counts = new int[Enum.GetValues<AppendStatus>().Length];
    private long _number;

    public LogLoad(IPointLog log, int callers = 4)
    {
        _callers = [.. Enumerable.Range(0, callers).Select(_ => Task.Run(() => AppendAsync(log)))];
    }

    public IReadOnlyCollection<LogAppend> Answered => _answered;

    public int Count(AppendStatus status) => Volatile.Read(ref _counts[(int)status]);

    /// <summary>Completes when so many more records were answered with this status.</summary>
    public Task AnsweredAsync(AppendStatus status, int more)
    {
        var reached = _awaited.GetOrAdd((Count(status) + more, status), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Stops the callers; what is under way is answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers).WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>
    /// What was appended is there once, at the position that was answered; what was refused is not there; what failed is there once or not.
    /// </summary>
    public async Task VerifyAsync(IPointLog log, bool tailMayBeLost = false)
    {
        var found = new Dictionary<long, (int Partition, long Position)>();
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            foreach (var record in await ReadAllAsync(log, partition))
            {
                if (!LogGap.TryParse(record.Payload.Span, out _))
                {
                    Assert.True(found.TryAdd(Number(record.Payload), (partition, record.Position)), $"Record {Number(record.Payload)} is there twice.");
                }
            }
        }

        foreach (var append in _answered)
        {
            var there = found.TryGetValue(Number(append.Payload), out var at);
            switch (append.Status)
            {
                case AppendStatus.Appended:
                    Assert.True(there || tailMayBeLost, $"Record {Number(append.Payload)} was acknowledged at {append.Partition}/{append.Position} and is not there.");
                    Assert.True(!there || at == (append.Partition, append.Position));
                    break;
                case AppendStatus.Full:
                    Assert.False(there, $"Record {Number(append.Payload)} was refused and is there.");
                    break;
                default:
                    Assert.Equal(AppendStatus.Failed, append.Status);
                    break;
            }
        }
    }

    public static async Task<List<LogRecord>> ReadAllAsync(IPointLog log, int partition)
    {
        var all = new List<LogRecord>();
        while (await log.ReadAsync(partition, all.Count > 0 ? all[^1].Position : 0, 1 << 20, default) is { Count: > 0 } records)
        {
            all.AddRange(records);
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private static long Number(ReadOnlyMemory<byte> payload) => BinaryPrimitives.ReadInt64LittleEndian(payload.Span);

    private async Task AppendAsync(IPointLog log)
    {
        while (!_stop.IsCancellationRequested)
        {
            var appends = Enumerable.Range(0, log.Partitions).Select(NewAppend).ToArray();
            await log.AppendAsync(appends, CancellationToken.None);
            foreach (var append in appends)
            {
                _answered.Add(append);
                var count = Interlocked.Increment(ref _counts[(int)append.Status]);
                if (_awaited.TryGetValue((count, append.Status), out var reached))
                {
                    reached.TrySetResult();
                }
            }

            // A refused caller comes back at once; it leaves the machine to the others.
            await Task.Yield();
        }
    }

    private LogAppend NewAppend(int partition)
    {
        var number = Interlocked.Increment(ref _number);
        var payload = new byte[100 + (number % 400)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return new LogAppend(partition, payload, 1);
    }
}
