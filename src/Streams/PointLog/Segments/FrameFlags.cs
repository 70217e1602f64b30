namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>More about a frame.</summary>
[Flags]
internal enum FrameFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The last frame of its commit: what is written up to here counts.</summary>
    EndsCommit = 1,
}
