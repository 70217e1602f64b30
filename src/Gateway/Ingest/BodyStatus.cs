namespace OrleansMetrics.Gateway.Ingest;

/// <summary>How the reading of a body ended.</summary>
internal enum BodyStatus
{
    /// <summary>All of it has been read.</summary>
    Complete,

    /// <summary>Its Content-Encoding is not known.</summary>
    UnknownEncoding,

    /// <summary>It is longer than <see cref="IngestOptions.MaxBodyBytes"/>.</summary>
    TooLarge,

    /// <summary><see cref="InFlightBudget"/> is used up.</summary>
    Overloaded,

    /// <summary>It is not what its Content-Encoding says, or ends too early.</summary>
    Corrupt,

    /// <summary>The connection broke, or the framing of HTTP.</summary>
    BrokenOff,

    /// <summary>It took longer than <see cref="IngestOptions.MaxReadTime"/>.</summary>
    TimedOut,
}
