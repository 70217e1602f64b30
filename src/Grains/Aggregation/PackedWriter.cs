namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Writes windows in order, each behind its head, in the one form that they have: docs/formats/snapshot.md, "Windows".</summary>
internal ref struct PackedWriter(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;
    private long _end;
    private int _size;

    /// <summary>Start and length of the first window.</summary>
    public long From { get; private set; }

    public int FromSize { get; private set; }

    public int Windows { get; private set; }

    public int Length { get; private set; }

    public bool HasGaps { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _bytes[..Length];

    public void Write(long start, int size, scoped ReadOnlySpan<byte> body)
    {
        if (Windows == 0)
        {
            From = _end = start;
            FromSize = _size = size;
        }

        HasGaps |= start != _end || size != _size;
        Length += PackedReader.WriteHead(_bytes[Length..], _end, _size, start, size);
        Length += SnapshotWriter.Encode(_bytes[Length..], (ulong)body.Length);
        body.CopyTo(_bytes[Length..]);
        Length += body.Length;
        Windows++;
        _end = start + size;
        _size = size;
    }
}
