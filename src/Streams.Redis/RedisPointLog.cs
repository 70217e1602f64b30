using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// The point log in Redis 6.2 or newer, alone, with Sentinel or as a cluster: a stream per partition, whose entries have the ids
/// <c>{position}-0</c>. A Lua script per append gives positions, checks keys and bounds, and writes, so that any number of processes may append.
/// </summary>
/// <remarks>
/// <para>
/// All appends of a call to one partition are written together or not at all; different partitions, which may lie on different nodes, are
/// written independently. What is acknowledged is as durable as Redis makes it: with <c>appendfsync always</c> it survives power loss;
/// with <c>everysec</c> a crash of Redis or of its machine may take the newest second or two; without an append-only file, everything since
/// the last snapshot; a failover to a replica may take what had not been replicated. <see cref="LogSync.Full"/> refuses a server without <c>always</c>.
/// </para>
/// <para>
/// Whether anything was lost cannot be told from what is left. So the first append after Redis was restarted or failed over (its
/// <c>run_id</c> is another one), and every reconnect, has each partition go on behind a gap (<see cref="LogGap"/>): no position is given out twice.
/// </para>
/// <para>
/// An append whose answer is lost is repeated for <see cref="RedisLogOptions.RetryTimeout"/>; Redis remembers each process's last append to a
/// partition and does not write it again. After that it is answered <see cref="AppendStatus.Failed"/>, or <see cref="AppendStatus.Full"/> when it
/// certainly was not written; further appends are <see cref="AppendStatus.Full"/> at once until Redis answers again.
/// </para>
/// </remarks>
public sealed class RedisPointLog : IPointLog
{
    private const int MaxSetAside = 256;

    private readonly PointLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RedisStore _store;
    private readonly StoreGuard _guard;
    private readonly RedisLogWatch _watch;
    private readonly RedisLogReader _reader;
    private readonly LogTail[] _tails;
    private readonly PartitionWriter[] _writers;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _queuedBytes;
    private int _queuedCalls;
    private bool _closed;

    private RedisPointLog(RedisStore store, RedisLogOptions redis, PointLogOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _store = store;
        _guard = new StoreGuard(store, Statistics, time, logger);
        _watch = new RedisLogWatch(store, options, redis.WakeInterval, Statistics, time, logger);
        _reader = new RedisLogReader(store, options.MaxConcurrentReads);
        _tails = new LogTail[store.Partitions];
        _writers = new PartitionWriter[store.Partitions];
        RedisValue writer = RandomNumberGenerator.GetHexString(16, lowercase: true);
        for (var partition = 0; partition < store.Partitions; partition++)
        {
            _tails[partition] = new LogTail(options.TailBytesPerPartition);
            _writers[partition] = new PartitionWriter(
                partition, writer, store, _guard, options, redis, Statistics, time, logger, Appended, Done);
        }
    }

    /// <inheritdoc />
    public int Partitions => _store.Partitions;

    /// <summary>What this instance has done so far.</summary>
    public PointLogStatistics Statistics { get; } = new();

    /// <summary>Connects and opens the log, creating it when there is none.</summary>
    /// <param name="redis">Where it lies.</param>
    /// <param name="partitions">Number of partitions; must be the one that it was created with.</param>
    /// <param name="options">Bounds and durability.</param>
    /// <param name="timeProvider">The clock for timeouts. Records are stamped by Redis' own.</param>
    /// <param name="logger">Told of errors of the store.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="OptionsValidationException">Options are out of range; lists all.</exception>
    /// <exception cref="InvalidOperationException">
    /// Redis cannot be reached, is too old or not as durable as asked for, or the log was created with another number of partitions or by another version.
    /// </exception>
    public static async Task<RedisPointLog> OpenAsync(
        RedisLogOptions redis, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        Validate(new RedisLogOptionsValidator().Validate(null, redis), RedisLogOptions.Section, typeof(RedisLogOptions));
        Validate(new PointLogOptionsValidator().Validate(null, options), PointLogOptions.Section, typeof(PointLogOptions));
        var store = await RedisStore.OpenAsync(redis, partitions, options.Sync, timeProvider, logger, cancellationToken).ConfigureAwait(false);
        return new RedisPointLog(store, redis, options, timeProvider, logger);
    }

    /// <inheritdoc />
    /// <remarks>
    /// Cancellation counts only before the appends are queued: afterwards they are written anyway, and the answer is worth waiting
    /// for. After disposal the appends are answered as failed with an <see cref="ObjectDisposedException"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A partition that the log does not have. Nothing was written.</exception>
    public ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long bytes = 0;
        for (var i = 0; i < appends.Count; i++)
        {
            CheckPartition(appends[i].Partition);
            bytes += appends[i].Payload.Length;
        }

        if (appends.Count == 0 || !TryAdmit(appends, bytes))
        {
            return ValueTask.CompletedTask;
        }

        var byPartition = appends.GroupBy(static append => append.Partition).ToList();
        var call = new AppendCall(bytes, byPartition.Count);
        foreach (var ofPartition in byPartition)
        {
            var part = new AppendPart(call);
            foreach (var append in ofPartition)
            {
                part.Add(append);
            }

            _writers[ofPartition.Key].Append(part);
        }

        return new ValueTask(call.Task);
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        cancellationToken.ThrowIfCancellationRequested();
        if (_tails[partition].Read(after, maxBytes) is { } records)
        {
            Statistics.ReadFromTail(records.Length);
            return new ValueTask<IReadOnlyList<LogRecord>>(records);
        }

        return new ValueTask<IReadOnlyList<LogRecord>>(ReadStoreAsync(partition, after, maxBytes, cancellationToken));
    }

    /// <inheritdoc />
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        return _watch.WaitAsync(partition, after, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        cancellationToken.ThrowIfCancellationRequested();
        var head = HeadFields.ToHead(
            await _store.Database.HashGetAsync(_store.Keys(partition).Head, HeadFields.All, CommandFlags.DemandMaster).ConfigureAwait(false));
        _store.Reaches(partition, head.Position);
        return head;
    }

    /// <inheritdoc />
    /// <remarks>Deletes in chunks of <see cref="PointLogOptions.TrimChunkRecords"/>, between which appends go on.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the head; nothing was removed.</exception>
    public async ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        string reply;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            reply = (string)(await _store.RunAsync(LogScript.Trim, _store.Keys(partition).LogAndHead, upTo, _options.TrimChunkRecords).ConfigureAwait(false))!;
            if (reply.StartsWith("beyond ", StringComparison.Ordinal))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(upTo), upTo, $"Partition {partition} cannot be trimmed beyond its head, which is {reply.AsSpan(7)}.");
            }
        }
        while (reply != "done");

        _tails[partition].Trim(upTo);
    }

    /// <inheritdoc />
    /// <remarks>
    /// In the hash <c>{prefix:partition}:aside</c>: field position, value a line of JSON with reason and times, then the payload. The 256 highest
    /// positions are kept.
    /// </remarks>
    public async ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        ArgumentNullException.ThrowIfNull(reason);
        cancellationToken.ThrowIfCancellationRequested();
        var value = new ArrayBufferWriter<byte>(record.Payload.Length + 256);
        using (var json = new Utf8JsonWriter(value))
        {
            json.WriteStartObject();
            json.WriteString("reason", reason);
            json.WriteNumber("ingestedAt", record.IngestedAt);
            json.WriteNumber("pointsThrough", record.PointsThrough);
            json.WriteNumber("setAsideAt", _time.GetUtcNow().ToUnixTimeMilliseconds());
            json.WriteEndObject();
        }

        value.Write("\n"u8);
        value.Write(record.Payload.Span);
        var dropped = await _store.RunAsync(LogScript.SetAside, [_store.Keys(partition).Aside], record.Position, value.WrittenMemory, MaxSetAside).ConfigureAwait(false);
        if ((long)dropped > 0)
        {
            RedisPointLogMessages.AsideFull(_logger, partition);
        }
    }

    /// <summary>Takes no more appends, has those that wait answered, and closes the connection. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            if (_queuedCalls == 0)
            {
                _drained.SetResult();
            }
        }

        await _drained.Task.ConfigureAwait(false);
        foreach (var writer in _writers)
        {
            await writer.WhenIdleAsync().ConfigureAwait(false);
        }

        await _watch.DisposeAsync().ConfigureAwait(false);
        await _guard.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _reader.Dispose();
    }

    private static void Validate(ValidateOptionsResult result, string section, Type type)
    {
        if (result.Failed)
        {
            throw new OptionsValidationException(section, type, result.Failures);
        }
    }

    private bool TryAdmit(IReadOnlyList<LogAppend> appends, long bytes)
    {
        var status = AppendStatus.Full;
        Exception? error = null;
        lock (_lock)
        {
            if (_closed)
            {
                status = AppendStatus.Failed;
                error = new ObjectDisposedException(nameof(RedisPointLog));
            }
            else if (!_guard.IsDown && (_queuedCalls == 0 || (_queuedCalls < _options.MaxQueuedAppends && _queuedBytes + bytes <= _options.MaxQueuedBytes)))
            {
                _queuedCalls++;
                _queuedBytes += bytes;
                return true;
            }
        }

        for (var i = 0; i < appends.Count; i++)
        {
            appends[i].Status = status;
            appends[i].Error = error;
        }

        if (status == AppendStatus.Full)
        {
            Statistics.Refused(appends.Count);
        }

        return false;
    }

    private void Appended(int partition, LogRecord record)
    {
        _tails[partition].Add(record);
        _watch.Seen(partition, record.Position);
    }

    private void Done(AppendPart part)
    {
        if (!part.Call.PartDone())
        {
            return;
        }

        lock (_lock)
        {
            _queuedCalls--;
            _queuedBytes -= part.Call.Bytes;
            if (_closed && _queuedCalls == 0)
            {
                _drained.SetResult();
            }
        }

        part.Call.SetResult();
    }

    private async Task<IReadOnlyList<LogRecord>> ReadStoreAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        var records = await _reader.ReadAsync(partition, after, maxBytes, cancellationToken).ConfigureAwait(false);
        if (records.Count > 0)
        {
            Statistics.ReadFromStore(records.Count);
            _store.Reaches(partition, records[^1].Position);
            _watch.Seen(partition, records[^1].Position);
        }

        return records;
    }

    private void CheckPartition(int partition) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)Partitions, nameof(partition));
}
