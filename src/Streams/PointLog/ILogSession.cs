namespace OrleansMetrics.Streams.PointLog;

/// <summary>What the commit thread writes to. Used by that thread only; after any exception it must be rolled back or disposed.</summary>
internal interface ILogSession : IDisposable
{
    /// <summary>Starts a commit.</summary>
    void Begin();

    /// <summary>
    /// Looks at a whole call before anything of it is written. True when all of it may be; otherwise each append has a status that says why
    /// it is not. What earlier calls of the commit wrote counts.
    /// </summary>
    bool Admit(IReadOnlyList<LogAppend> appends, long now);

    /// <summary>Writes the next record of a partition and remembers its requests. Not beyond what <see cref="Admit"/> has looked at.</summary>
    LogRecord Append(LogAppend append, long now);

    /// <summary>Makes everything since <see cref="Begin"/> durable, as far as <see cref="LogSync"/> promises, or throws.</summary>
    void Commit();

    /// <summary>Undoes everything since <see cref="Begin"/>, which failed; false when the session cannot be used any more.</summary>
    bool TryRollback(Exception cause);

    /// <summary>Removes the oldest records at or below a position, as many as a chunk holds; true when the trim is done.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is beyond the head. The session stays usable.</exception>
    bool TrimChunk(int partition, long upTo);

    /// <summary>Keeps a record outside the log; nothing when it is kept already.</summary>
    void SetAside(int partition, LogRecord record, string reason, long now);

    /// <summary>The last call: what can be tidied up for the next start is.</summary>
    void Close();
}
