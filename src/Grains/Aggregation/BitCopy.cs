namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Some bits of elsewhere. Used again.</summary>
internal sealed class BitCopy
{
    private byte[] _bytes = new byte[64];
    private int _start;
    private int _end;

    /// <summary>How many bits.</summary>
    public int Length => _end - _start;

    /// <summary>Takes the bits between two places.</summary>
    public void Take(ReadOnlySpan<byte> bytes, long from, long to)
    {
        var first = (int)(from >> 3);
        var length = (int)((to + 7) >> 3) - first;
        if (_bytes.Length < length)
        {
            _bytes = new byte[Math.Max(length, _bytes.Length * 2)];
        }

        bytes.Slice(first, length).CopyTo(_bytes);
        _start = (int)(from & 7);
        _end = (int)(to - first * 8L);
    }

    /// <summary>Reads them. What is read past their end has no meaning.</summary>
    public BitReader Open() => new(_bytes.AsSpan(0, (_end + 7) / 8), _start);
}
