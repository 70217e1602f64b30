using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>
/// The point log in a directory of append-only segment files that all partitions share: a commit of any number of partitions is one write, and one flush with
/// <see cref="LogSync.Full"/>. One process at a time.
/// </summary>
/// <remarks>
/// Appends go to one commit thread, which writes everything that waits at once. When more than <see cref="PointLogOptions.MaxQueuedBytes"/> wait, appends
/// are refused as full. A call is written whole, over all its partitions, or not at all. A segment is removed when all of its records are trimmed;
/// records of a partition that is not trimmed are copied out of segments that otherwise hold little. In memory are 12 bytes per record.
/// <para>
/// A log that was not closed properly goes on after a <see cref="LogGap"/>. Opening reads the segments' indexes, and of segments only those that have none:
/// after an unclean end, the newest.
/// </para>
/// </remarks>
public sealed class SegmentPointLog : EmbeddedPointLog
{
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly SafeFileHandle _lock;
    private readonly SegmentStore _store;
    private readonly SegmentSession _session;
    private readonly SegmentKeeper _keeper;
    private readonly LogState _state;
    private readonly LogWaiters _waiters;
    private readonly LogReaders<SegmentReader> _readers;

    private SegmentPointLog(SafeFileHandle held, SegmentRecovery recovered, PointLogOptions options, TimeProvider time, ILogger logger)
        : base(
            recovered.Store.Partitions,
            recovered.Store.Files.Directory,
            options,
            time,
            SegmentErrors.IsDiskFull,
            new LogDamage(recovered.Store.Files.Directory, SegmentErrors.IsDamage, logger),
            logger)
    {
        _lock = held;
        _logger = logger;
        _store = recovered.Store;
        _state = recovered.State;
        _path = _store.Files.Directory;
        _keeper = new SegmentKeeper(_store.Files, Statistics, logger);
        _session = new SegmentSession(_store, recovered, options, time, _keeper, Statistics, Damage, logger);
        _waiters = new LogWaiters(_store.Partitions, typeof(SegmentPointLog));
        _readers = new LogReaders<SegmentReader>(typeof(SegmentPointLog), () => new SegmentReader(_store), options.MaxConcurrentReads, Damage);
    }

    /// <summary>
    /// Opens the log, creating the directory when there is none. Blocks for some milliseconds; for some tens when it was not closed properly.
    /// </summary>
    /// <param name="directory">Where its files are, and nothing else.</param>
    /// <param name="partitions">Number of partitions; must be the one that it was created with.</param>
    /// <param name="options">Bounds and durability.</param>
    /// <param name="timeProvider">The clock for <see cref="LogRecord.IngestedAt"/>.</param>
    /// <param name="logger">Told of errors of the store.</param>
    /// <exception cref="OptionsValidationException">Options are out of range; lists all.</exception>
    /// <exception cref="InvalidOperationException">Another process has it open, or it was created with another number of partitions or by another version.</exception>
    /// <exception cref="InvalidDataException">It is damaged beyond repair.</exception>
    public static SegmentPointLog Open(string directory, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger) =>
        Recover(directory, partitions, options, timeProvider, logger, (log, recovered) =>
        {
            log.Start(recovered, timeProvider);
            PointLogMessages.Opened(logger, log._path, partitions, options.Sync);
        });

    /// <summary>Creates a log with what is written to it, durably and closed.</summary>
    /// <exception cref="IOException">It could not be made durable.</exception>
    internal static void Create(
        string directory, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger, Action<SegmentSession> write) =>
        Recover(directory, partitions, options, timeProvider, logger, (log, _) =>
        {
            write(log._session);
            log._session.Close();
            log._keeper.RunHere();
            if (!log.MarkClosed())
            {
                throw new IOException($"The point log '{directory}' could not be made durable.");
            }
        });

    private static SegmentPointLog Recover(
        string directory, int partitions, PointLogOptions options, TimeProvider timeProvider, ILogger logger, Action<SegmentPointLog, SegmentRecovery> start)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        Check(options);
        var files = new LogFiles(Path.GetFullPath(directory));
        Directory.CreateDirectory(files.Directory);
        var held = Hold(files);
        try
        {
            var recovered = SegmentRecovery.Run(files, partitions, options, logger);
            var log = new SegmentPointLog(held, recovered, options, timeProvider, logger);
            start(log, recovered);
            return log;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public override ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        return _waiters.Holds(partition, after) ? ValueTask.CompletedTask : new ValueTask(_waiters.WaitAsync(partition, after, cancellationToken));
    }

    /// <inheritdoc />
    /// <exception cref="ObjectDisposedException">The log was closed.</exception>
    public override ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return new ValueTask<LogHead>(_store.Index[partition].Head.ToLogHead());
    }

    private protected override ILogSession OpenSession() => _session;

    private protected override Task<LogRead> ReadStoreAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) =>
        _readers.RunAsync(session => session.Read(partition, after, maxBytes), cancellationToken);

    private protected override void Seen(int partition, long position) => _waiters.Seen(partition, position);

    private protected override async Task CloseAsync()
    {
        await Writer.CloseAsync().ConfigureAwait(false);

        // A writer that had nothing to do has no session.
        _session.Close();
        await _keeper.CloseAsync().ConfigureAwait(false);
        _waiters.Close();
        await _readers.DisposeAsync().ConfigureAwait(false);
        MarkClosed();
    }

    private static SafeFileHandle Hold(LogFiles files)
    {
        try
        {
            return File.OpenHandle(files.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (!SegmentErrors.IsDiskFull(exception))
        {
            throw new InvalidOperationException($"The point log '{files.Directory}' is in use by another process.", exception);
        }
    }

    private void Start(SegmentRecovery recovered, TimeProvider time)
    {
        if (recovered.NeedsGap)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            _session.Begin();
            for (var partition = 0; partition < Partitions; partition++)
            {
                _session.Append(partition, recovered.Heads[partition].Gap(now, recovered.Beyond));
            }

            _session.Commit();
            RandomAccess.FlushToDisk(recovered.Newest.Handle);
        }

        for (var partition = 0; partition < Partitions; partition++)
        {
            _waiters.Seen(partition, _store.Index[partition].Head.Position);
        }

        foreach (var segment in recovered.Unindexed)
        {
            _keeper.Seal(segment);
        }

        _keeper.Start();
        Writer.Start();
    }

    /// <summary>Marks the log as closed if everything of it is durable, and lets go of it; whether it did.</summary>
    private bool MarkClosed()
    {
        try
        {
            if (!_session.IsClosed || !_keeper.IsDone)
            {
                return false;
            }

            var heads = _store.Index.Select(static index => index.Head).ToArray();
            (_state with { Status = Damage.Met ? LogStatus.DamageMet : LogStatus.Closed, Heads = heads }).Write(_store.Files);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next process takes it for not closed, which is safe.
            PointLogMessages.NotMarkedClosed(_logger, _path, exception);
            return false;
        }
        finally
        {
            foreach (var segment in _store.Segments.Values)
            {
                segment.Dispose();
            }

            _lock.Dispose();
        }
    }
}
