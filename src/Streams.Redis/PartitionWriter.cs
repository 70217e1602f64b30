using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// The appends of this process to one partition. One script call is under way at a time; what comes meanwhile goes into the next one.
/// </summary>
/// <remarks>
/// A call whose answer was lost is repeated with the same sequence number. Redis keeps the last number of each writer with its result: it
/// answers a repeat with that result and refuses an older call that a dying connection delivers late, so that nothing is written twice.
/// </remarks>
internal sealed class PartitionWriter(
    int partition,
    RedisValue writer,
    RedisStore store,
    StoreGuard guard,
    PointLogOptions options,
    RedisLogOptions redis,
    PointLogStatistics statistics,
    TimeProvider time,
    ILogger logger,
    Action<int, LogRecord> appended,
    Action<AppendPart> done)
{
    private const int MaxParts = 512;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly Queue<AppendPart> _waiting = [];
    private bool _busy;
    private Task _run = Task.CompletedTask;

    // Of the run.
    private readonly List<AppendPart> _batch = [];
    private long _sequence;

    /// <summary>Queues appends and, when none are under way, starts to write on the caller's thread. Each part is answered and given to <c>done</c>.</summary>
    public void Append(AppendPart part)
    {
        lock (_lock)
        {
            _waiting.Enqueue(part);
            if (_busy)
            {
                return;
            }

            _busy = true;
        }

        _run = RunAsync();
    }

    /// <summary>Completes when what was queued before is answered. For a writer that gets no more.</summary>
    public Task WhenIdleAsync() => _run;

    private async Task RunAsync()
    {
        while (TakeBatch())
        {
            try
            {
                await WriteAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // A defect: what the store does is in the statuses.
                Fail(AppendStatus.Failed, exception);
            }

            foreach (var part in _batch)
            {
                done(part);
            }
        }
    }

    private bool TakeBatch()
    {
        _batch.Clear();
        lock (_lock)
        {
            long bytes = 0;
            while (bytes < options.MaxCommitBytes && _batch.Count < MaxParts && _waiting.TryDequeue(out var part))
            {
                bytes += part.Bytes;
                _batch.Add(part);
            }

            return _busy = _batch.Count > 0;
        }
    }

    private async Task WriteAsync()
    {
        if (guard.IsDown)
        {
            Fail(AppendStatus.Full, null);
            return;
        }

        _sequence++;
        var values = Encode();
        var startedAt = time.GetTimestamp();
        var mayBeWritten = false;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var reply = AppendReply.Parse((string)(await store.RunAsync(LogScript.Append, store.Keys(partition).Append, values).ConfigureAwait(false))!);
                Apply(reply);
                return;
            }
            catch (Exception exception)
            {
                var fault = RedisFaults.Of(exception);
                mayBeWritten |= fault == RedisFault.Unknown;
                statistics.StoreFailed();
                if (fault == RedisFault.OutOfMemory || time.GetElapsedTime(startedAt) >= redis.RetryTimeout)
                {
                    GiveUp(attempt, fault, mayBeWritten, exception);
                    return;
                }

                RedisPointLogMessages.Repeating(logger, partition, attempt, exception);
                await PauseAsync(attempt, exception).ConfigureAwait(false);
            }
        }
    }

    private async Task PauseAsync(int attempt, Exception exception)
    {
        // Most breaks are over at the first repeat.
        if (attempt > 1 && RedisFaults.HasNoMaster(exception))
        {
            await store.ReconfigureAsync().ConfigureAwait(false);
        }

        var pause = FirstPause * (1 << Math.Min(attempt, 10));
        await Task.Delay(pause < LongestPause ? pause : LongestPause, time).ConfigureAwait(false);
    }

    // What was certainly not written is refused, so that its sender may send it again without being counted twice.
    private void GiveUp(int attempts, RedisFault fault, bool mayBeWritten, Exception exception)
    {
        if (fault != RedisFault.OutOfMemory)
        {
            RedisPointLogMessages.GivenUp(logger, partition, attempts, exception);
            guard.GivenUp();
        }

        Fail(mayBeWritten ? AppendStatus.Failed : AppendStatus.Full, exception);
    }

    private void Fail(AppendStatus status, Exception? error)
    {
        foreach (var part in _batch)
        {
            part.Answer(status, error);
            if (status == AppendStatus.Full)
            {
                statistics.Refused(part.Appends.Count);
            }
            else
            {
                statistics.Failed(part.Appends.Count);
            }
        }
    }

    private RedisValue[] Encode()
    {
        var values = new List<RedisValue>(16)
        {
            writer,
            _sequence,
            store.Floor(partition),
            options.MaxBytesPerPartition,
            (long)options.DuplicateWindow.TotalMilliseconds,
            options.MaxRequestKeysPerPartition,
            _batch.Count,
        };
        foreach (var part in _batch)
        {
            values.Add(part.Appends.Sum(static append => append.Keys.Count));
            foreach (var key in part.Appends.SelectMany(static append => append.Keys))
            {
                var bytes = new byte[RequestKey.Length];
                key.WriteTo(bytes);
                values.Add(bytes);
            }

            values.Add(part.Appends.Count);
            foreach (var append in part.Appends)
            {
                values.Add(append.Points);
                values.Add(append.Payload);
            }
        }

        return [.. values];
    }

    private void Apply(AppendReply reply)
    {
        var position = reply.First;
        var points = reply.PointsBefore;
        if (reply.GapAfter >= 0)
        {
            store.ReportGap(partition, reply.GapAfter, position - 1);
        }

        long records = 0;
        long bytes = 0;
        for (var i = 0; i < _batch.Count; i++)
        {
            var part = _batch[i];
            switch (reply.Groups[i][0])
            {
                case 'A':
                    foreach (var append in part.Appends)
                    {
                        points += append.Points;
                        append.Position = position++;
                        append.Status = AppendStatus.Appended;
                        store.Reaches(partition, append.Position);
                        appended(partition, new LogRecord(append.Position, reply.IngestedAt, points, append.Payload));
                    }

                    bytes += part.Bytes;
                    records += part.Appends.Count;
                    break;
                case 'F':
                    part.Answer(AppendStatus.Full, null);
                    statistics.Refused(part.Appends.Count);
                    break;
                default:
                    AnswerRepeated(part, reply.Groups[i].AsSpan(1));
                    break;
            }
        }

        if (records > 0)
        {
            statistics.Committed(records, bytes);
        }
    }

    private static void AnswerRepeated(AppendPart part, ReadOnlySpan<char> indexes)
    {
        part.Answer(AppendStatus.Withdrawn, null);
        var known = new HashSet<int>();
        foreach (var range in indexes.Split('.'))
        {
            known.Add((int)Invariant.Int64(indexes[range]));
        }

        var index = 0;
        foreach (var append in part.Appends)
        {
            var repeated = append.Keys.Where(_ => known.Contains(index++)).ToList();
            if (repeated.Count > 0)
            {
                append.Repeated = repeated;
                append.Status = AppendStatus.Repeated;
            }
        }
    }
}
