namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>What a frame holds.</summary>
internal enum FrameKind : byte
{
    /// <summary>Where every partition stands: the first frame of a segment.</summary>
    Heads = 1,

    /// <summary>A record; the body is its payload.</summary>
    Record = 2,

    /// <summary>The requests that came with the record of the same position.</summary>
    Keys = 3,

    /// <summary>A partition was trimmed up to the position.</summary>
    Trim = 4,
}
