using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// The point log in a SQLite file. Several processes on one machine may have the file open: positions are given inside the write
/// transaction. Not for network file systems (SQLite's write-ahead log needs shared memory).
/// </summary>
/// <remarks>
/// Appends go to one commit thread, which commits everything that waits in one transaction. When more than
/// <see cref="PointLogOptions.MaxQueuedBytes"/> wait, appends are refused as full. A call is written whole, over all its partitions,
/// or not at all. The file keeps the size of its highest fill; trimmed pages are used again.
/// <para>
/// A file that was not closed properly is checked when the next process opens it, repaired as far as it can be read, and goes on after a
/// <see cref="LogGap"/>. Beside the file lies an empty one, <c>-lock</c>, by which processes know of each other.
/// </para>
/// </remarks>
public sealed class SqlitePointLog : IPointLog
{
    private readonly LogTail[] _tails;
    private readonly LogWriter _writer;
    private readonly LogReaders<LogReadSession> _readers;
    private readonly LogWatch _watch;
    private readonly LogDamage _damage;
    private readonly LogRecovery _recovery;
    private readonly LogPresence _presence;
    private readonly Lock _closing = new();
    private Task? _closed;

    private SqlitePointLog(
        LogDatabase database,
        PointLogOptions options,
        TimeProvider time,
        ILogger logger,
        LogDamage damage,
        LogRecovery recovery,
        LogPresence presence,
        bool isShared,
        Action<SqliteConnection>? writerOpened)
    {
        _damage = damage;
        _recovery = recovery;
        _presence = presence;
        Partitions = database.Partitions;
        _tails = new LogTail[database.Partitions];
        for (var i = 0; i < _tails.Length; i++)
        {
            _tails[i] = new LogTail(options.TailBytesPerPartition);
        }

        _watch = new LogWatch(database, isShared, options, Statistics, damage, logger);
        _readers = new LogReaders<LogReadSession>(typeof(SqlitePointLog), () => new LogReadSession(database), options.MaxConcurrentReads, damage);
        _writer = new LogWriter(
            typeof(SqlitePointLog),
            database.Path,
            () => new LogWriteSession(database, options, writerOpened),
            SqliteErrors.IsDiskFull,
            options,
            time,
            Statistics,
            damage,
            logger,
            (partition, record) =>
            {
                _tails[partition].Add(record);
                _watch.Seen(partition, record.Position);
            },
            (partition, upTo) => _tails[partition].Trim(upTo));
    }

    /// <inheritdoc />
    public int Partitions { get; }

    /// <summary>What this instance has done so far.</summary>
    public PointLogStatistics Statistics { get; } = new();

    /// <summary>
    /// Opens the log, creating file and directory when there are none. Blocks for some milliseconds; when the file was not closed properly,
    /// for as long as it takes to read it once (about a second per GB and more from a cold disk), or copy it when it is damaged.
    /// </summary>
    /// <param name="path">The database file. SQLite adds <c>-wal</c> and <c>-shm</c> beside it.</param>
    /// <param name="partitions">Number of partitions; must be the one that the file was created with.</param>
    /// <param name="options">Bounds and durability.</param>
    /// <param name="timeProvider">The clock for <see cref="LogRecord.IngestedAt"/>.</param>
    /// <param name="logger">Told of errors of the store.</param>
    /// <param name="isShared">Whether other processes append to the file while this one has it open; if not, nothing has to look for that.</param>
    /// <exception cref="OptionsValidationException">Options are out of range; lists all.</exception>
    /// <exception cref="InvalidOperationException">The file was created with another number of partitions or by another version.</exception>
    /// <exception cref="InvalidDataException">The file is no SQLite database, or damaged beyond repair.</exception>
    public static SqlitePointLog Open(
        string path, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger, bool isShared = true) =>
        Open(path, partitions, options, timeProvider, logger, isShared, writerOpened: null);

    /// <summary>The same, and calls back with each connection that appends are written on.</summary>
    internal static SqlitePointLog Open(
        string path, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger, bool isShared, Action<SqliteConnection>? writerOpened)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        var validation = new PointLogOptionsValidator().Validate(null, options);
        if (validation.Failed)
        {
            throw new OptionsValidationException(PointLogOptions.Section, typeof(PointLogOptions), validation.Failures);
        }

        var fullPath = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
        var database = new LogDatabase(fullPath, partitions, options);
        var damage = new LogDamage(fullPath, SqliteErrors.IsDamage, logger);
        var recovery = new LogRecovery(database, timeProvider, damage, logger);
        var log = new SqlitePointLog(database, options, timeProvider, logger, damage, recovery, recovery.Open(), isShared, writerOpened);
        log._watch.Start();
        log._writer.Start();
        PointLogMessages.Opened(logger, fullPath, partitions, options.Sync);
        return log;
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
        for (var i = 0; i < appends.Count; i++)
        {
            CheckPartition(appends[i].Partition);
        }

        return appends.Count == 0 ? ValueTask.CompletedTask : _writer.AppendAsync(appends);
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
        var head = await _readers.RunAsync(session => session.Head(partition), cancellationToken).ConfigureAwait(false);
        return head.ToLogHead();
    }

    /// <inheritdoc />
    /// <remarks>Deletes in chunks of <see cref="PointLogOptions.TrimChunkRecords"/>, between which appends go on.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the head; nothing was removed.</exception>
    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        cancellationToken.ThrowIfCancellationRequested();
        return _writer.TrimAsync(partition, upTo);
    }

    /// <inheritdoc />
    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        ArgumentNullException.ThrowIfNull(reason);
        cancellationToken.ThrowIfCancellationRequested();
        return _writer.SetAsideAsync(partition, record, reason);
    }

    /// <summary>
    /// Takes no more appends, commits those that wait, copies the write-ahead log back and closes the file; marks it closed when no other
    /// process has it open. Idempotent.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task closed;
        lock (_closing)
        {
            closed = _closed ??= CloseAsync();
        }

        await closed.ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        await _writer.CloseAsync().ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
        _recovery.Close(_presence);
    }

    private async Task<IReadOnlyList<LogRecord>> ReadStoreAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        var read = await _readers.RunAsync(session => session.Read(partition, after, maxBytes), cancellationToken).ConfigureAwait(false);
        if (read.LostFirst > 0)
        {
            _damage.Report(partition, read.LostFirst, read.LostLast);
        }

        var records = read.Records;
        if (records.Count > 0)
        {
            Statistics.ReadFromStore(records.Count);
            _watch.Seen(partition, records[^1].Position);
        }

        return records;
    }

    private void CheckPartition(int partition) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)Partitions, nameof(partition));
}
