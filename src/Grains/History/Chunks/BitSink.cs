using System.Buffers.Binary;
using System.Numerics;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>Gathers numbers bit by bit, the highest bit first, in memory that grows; <see cref="BitReader"/> reads them.</summary>
internal sealed class BitSink
{
    private byte[] _bytes = new byte[1024];
    private ulong _pending;
    private int _pendingBits;
    private int _written;

    /// <summary>Bits written.</summary>
    public long Length => _written * 8L + _pendingBits;

    /// <summary>Where the sink stands now, to go back to.</summary>
    public Mark Position => new(_pending, _pendingBits, _written);

    public void Clear() => GoBack(default);

    /// <summary>Forgets what has been written since.</summary>
    public void GoBack(Mark mark) => (_pending, _pendingBits, _written) = (mark.Pending, mark.PendingBits, mark.Written);

    /// <summary>Writes a number of so many bits, 0 to 64; the bits above are zero.</summary>
    public void Write(ulong value, int bits)
    {
        if (bits == 0)
        {
            return;
        }

        var free = 64 - _pendingBits;
        if (bits < free)
        {
            _pending |= value << (free - bits);
            _pendingBits += bits;
            return;
        }

        if (_written + 16 > _bytes.Length)
        {
            Array.Resize(ref _bytes, _bytes.Length * 2);
        }

        var over = bits - free;
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.AsSpan(_written), _pending | (value >> over));
        _written += 8;
        _pending = over == 0 ? 0 : value << (64 - over);
        _pendingBits = over;
    }

    /// <summary>Elias' gamma code of a number of at least 1.</summary>
    public void WriteGamma(ulong number)
    {
        // So many zeros as there are bits after the first, then the number.
        var log = BitOperations.Log2(number);
        if (log < 32)
        {
            Write(number, 2 * log + 1);
            return;
        }

        Write(0, log);
        Write(number, log + 1);
    }

    /// <summary>The codes of two numbers that follow each other.</summary>
    public void WriteGammas(ulong first, ulong second)
    {
        var (log, bits) = (BitOperations.Log2(first), 2 * BitOperations.Log2(second) + 1);
        if (2 * log + 1 + bits <= 64)
        {
            Write((first << bits) | second, 2 * log + 1 + bits);
            return;
        }

        WriteGamma(first);
        WriteGamma(second);
    }

    /// <summary>Bits that were written elsewhere.</summary>
    public void Write(BitCopy copy)
    {
        var bits = copy.Open();
        var left = copy.Length;
        for (; left > 32; left -= 32)
        {
            Write(bits.Read(32), 32);
        }

        Write(bits.Read(left), left);
    }

    /// <summary>All bits, filled up with zeros to a whole byte. Valid until the next call; more may be written.</summary>
    public ReadOnlySpan<byte> ToBytes()
    {
        if (_written + 16 > _bytes.Length)
        {
            Array.Resize(ref _bytes, _bytes.Length * 2);
        }

        BinaryPrimitives.WriteUInt64BigEndian(_bytes.AsSpan(_written), _pending);
        return _bytes.AsSpan(0, _written + (_pendingBits + 7) / 8);
    }

    /// <summary>A place in the bits.</summary>
    public readonly record struct Mark(ulong Pending, int PendingBits, int Written);
}
