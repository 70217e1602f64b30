namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Where a record lies. Twelve bytes, because there is one per record.</summary>
/// <param name="Segment">Number of the segment.</param>
/// <param name="Unit">Offset of the frame, in units of <see cref="Frame.Alignment"/>.</param>
/// <param name="Length">Bytes of the payload.</param>
internal readonly record struct RecordLocation(int Segment, uint Unit, int Length)
{
    public long Offset => (long)Unit * Frame.Alignment;

    public static RecordLocation At(int segment, long offset, int length) => new(segment, (uint)(offset / Frame.Alignment), length);
}
