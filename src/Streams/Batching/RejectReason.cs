namespace OrleansMetrics.Streams.Batching;

/// <summary>Why a point was refused before it was accepted.</summary>
public enum RejectReason
{
    /// <summary>The text does not follow the protocol's grammar.</summary>
    Malformed,

    /// <summary>The metric's name is empty.</summary>
    EmptyName,

    /// <summary>A name holds a control character or is not UTF-8.</summary>
    InvalidName,

    /// <summary>The metric's name is longer than its limit.</summary>
    NameTooLong,

    /// <summary>A tag without name or without value.</summary>
    EmptyTag,

    /// <summary>Two tags of the same name.</summary>
    DuplicateTag,

    /// <summary>A tag's name or value is longer than its limit.</summary>
    TagTooLong,

    /// <summary>More tags than the limit.</summary>
    TooManyTags,

    /// <summary>The value is no number.</summary>
    InvalidValue,

    /// <summary>NaN or an infinity.</summary>
    NotFinite,

    /// <summary>The timestamp is no number or out of range.</summary>
    InvalidTimestamp,

    /// <summary>The timestamp is further ahead of the gateway's clock than allowed.</summary>
    TooFarAhead,

    /// <summary>The line is longer than the limit.</summary>
    LineTooLong,

    /// <summary>Two series of the metric have the same 64-bit identity.</summary>
    SeriesIdCollision,

    /// <summary>The metric is new and the process holds as many as it may.</summary>
    TooManyMetrics,

    /// <summary>The kind is none that there is.</summary>
    InvalidKind,

    /// <summary>The metric is of another kind.</summary>
    KindConflict,

    /// <summary>A counter cannot go down.</summary>
    NegativeCounter,
}
