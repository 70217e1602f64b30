using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>A numeric or boolean field of the line being read.</summary>
internal struct LineField
{
    public int NameAt;
    public int NameLength;
    public double Value;

    /// <summary>Set when the field is well-formed and its value cannot be taken.</summary>
    public RejectReason? Refused;
    public SeriesEntry? Series;

    public readonly ReadOnlySpan<byte> Name(ReadOnlySpan<byte> line) => line.Slice(NameAt, NameLength);
}
