namespace OrleansMetrics.Faults.Load;

/// <summary>What a client knows after one try.</summary>
internal enum SendResult
{
    /// <summary>All points are to be counted once.</summary>
    Acknowledged,

    /// <summary>The answer, or that there was no connection, says that nothing was taken.</summary>
    NothingTaken,

    /// <summary>No answer, or one that promises nothing: all or none.</summary>
    Unknown,
}
