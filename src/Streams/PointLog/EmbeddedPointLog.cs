using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// What the point logs in local files have in common: appends go to one commit thread, and the newest records are kept in memory for those who read them next.
/// </summary>
public abstract class EmbeddedPointLog : IPointLog
{
    private readonly LogTail[] _tails;
    private readonly Lock _closing = new();
    private Task? _closed;

    /// <param name="partitions">Number of partitions.</param>
    /// <param name="path">The file or directory, for messages.</param>
    /// <param name="options">Checked.</param>
    /// <param name="time">The clock for <see cref="LogRecord.IngestedAt"/>.</param>
    /// <param name="isDiskFull">Whether an error of the store says so.</param>
    /// <param name="damage">What is damaged.</param>
    /// <param name="logger">Told of errors of the store.</param>
    private protected EmbeddedPointLog(
        int partitions, string path, PointLogOptions options, TimeProvider time, Predicate<Exception> isDiskFull, LogDamage damage, ILogger logger)
    {
        Partitions = partitions;
        Damage = damage;
        _tails = new LogTail[partitions];
        for (var i = 0; i < _tails.Length; i++)
        {
            _tails[i] = new LogTail(options.TailBytesPerPartition);
        }

        Writer = new LogWriter(
            GetType(),
            path,
            OpenSession,
            isDiskFull,
            options,
            time,
            Statistics,
            damage,
            logger,
            (partition, record) =>
            {
                _tails[partition].Add(record);
                Seen(partition, record.Position);
            },
            (partition, upTo) => _tails[partition].Trim(upTo));
    }

    /// <inheritdoc />
    public int Partitions { get; }

    /// <summary>What this instance has done so far.</summary>
    public PointLogStatistics Statistics { get; } = new();

    private protected LogWriter Writer { get; }

    private protected LogDamage Damage { get; }

    private protected bool IsClosed => _closed is not null;

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

        return appends.Count == 0 ? ValueTask.CompletedTask : Writer.AppendAsync(appends);
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

        return new ValueTask<IReadOnlyList<LogRecord>>(ReadFilesAsync(partition, after, maxBytes, cancellationToken));
    }

    /// <inheritdoc />
    public abstract ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken);

    /// <inheritdoc />
    public abstract ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken);

    /// <inheritdoc />
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the head; nothing was removed.</exception>
    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        cancellationToken.ThrowIfCancellationRequested();
        return Writer.TrimAsync(partition, upTo);
    }

    /// <inheritdoc />
    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken)
    {
        CheckPartition(partition);
        ArgumentNullException.ThrowIfNull(reason);
        cancellationToken.ThrowIfCancellationRequested();
        return Writer.SetAsideAsync(partition, record, reason);
    }

    /// <summary>Takes no more appends, commits those that wait, makes everything durable, and marks the log as closed. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closed;
        lock (_closing)
        {
            closed = _closed ??= CloseAsync();
        }

        await closed.ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <summary>Where the commit thread writes. Called on it.</summary>
    private protected abstract ILogSession OpenSession();

    /// <summary>Reads the files.</summary>
    private protected abstract Task<LogRead> ReadStoreAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken);

    /// <summary>A partition has a record at a position. Any thread.</summary>
    private protected abstract void Seen(int partition, long position);

    private protected abstract Task CloseAsync();

    private protected void CheckPartition(int partition) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)Partitions, nameof(partition));

    /// <exception cref="OptionsValidationException">Options are out of range; lists all.</exception>
    private protected static void Check(PointLogOptions options)
    {
        var validation = new PointLogOptionsValidator().Validate(null, options);
        if (validation.Failed)
        {
            throw new OptionsValidationException(PointLogOptions.Section, typeof(PointLogOptions), validation.Failures);
        }
    }

    private async Task<IReadOnlyList<LogRecord>> ReadFilesAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        var read = await ReadStoreAsync(partition, after, maxBytes, cancellationToken).ConfigureAwait(false);
        if (read.LostFirst > 0)
        {
            Damage.Report(partition, read.LostFirst, read.LostLast);
        }

        if (read.Records.Count > 0)
        {
            Statistics.ReadFromStore(read.Records.Count);
            Seen(partition, read.Records[^1].Position);
        }

        return read.Records;
    }
}
