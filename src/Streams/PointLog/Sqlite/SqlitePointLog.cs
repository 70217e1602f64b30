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
public sealed class SqlitePointLog : EmbeddedPointLog
{
    private readonly LogReaders<LogReadSession> _readers;
    private readonly LogWatch _watch;
    private readonly LogDatabase _database;
    private readonly PointLogOptions _options;
    private readonly Action<SqliteConnection>? _writerOpened;
    private readonly LogRecovery _recovery;
    private readonly LogPresence _presence;

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
        : base(database.Partitions, database.Path, options, time, SqliteErrors.IsDiskFull, damage, logger)
    {
        _database = database;
        _options = options;
        _writerOpened = writerOpened;
        _recovery = recovery;
        _presence = presence;
        _watch = new LogWatch(database, isShared, options, Statistics, damage, logger);
        _readers = new LogReaders<LogReadSession>(typeof(SqlitePointLog), () => new LogReadSession(database), options.MaxConcurrentReads, damage);
    }

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
        Check(options);
        var fullPath = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
        var database = new LogDatabase(fullPath, partitions, options);
        var damage = new LogDamage(fullPath, SqliteErrors.IsDamage, logger);
        var recovery = new LogRecovery(database, timeProvider, damage, logger);
        var log = new SqlitePointLog(database, options, timeProvider, logger, damage, recovery, recovery.Open(), isShared, writerOpened);
        log._watch.Start();
        log.Writer.Start();
        PointLogMessages.Opened(logger, fullPath, partitions, options.Sync);
        return log;
    }

    /// <inheritdoc />
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public override ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        return _watch.WaitAsync(partition, after, cancellationToken);
    }

    /// <inheritdoc />
    public override async ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        var head = await _readers.RunAsync(session => session.Head(partition), cancellationToken).ConfigureAwait(false);
        return head.ToLogHead();
    }

    private protected override ILogSession OpenSession() => new LogWriteSession(_database, _options, _writerOpened);

    private protected override Task<LogRead> ReadStoreAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) =>
        _readers.RunAsync(session => session.Read(partition, after, maxBytes), cancellationToken);

    private protected override void Seen(int partition, long position) => _watch.Seen(partition, position);

    private protected override async Task CloseAsync()
    {
        // Copies the write-ahead log back; marked as closed is the file when no other process has it open.
        await Writer.CloseAsync().ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
        _recovery.Close(_presence);
    }
}
