using System.Buffers.Binary;
using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Writes numbers bit by bit, the highest bit first. The span must have 8 bytes more than are written.</summary>
internal ref struct BitWriter(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;
    private ulong _pending;
    private int _pendingBits;
    private int _written;

    /// <summary>Elias' gamma code: as many zeros as the number has bits after its first, then the number.</summary>
    /// <param name="number">At least 1.</param>
    public void WriteGamma(ulong number)
    {
        var log = BitOperations.Log2(number);
        if (log < 32)
        {
            Write(number, 2 * log + 1);
        }
        else
        {
            Write(0, log);
            Write(number, log + 1);
        }
    }

    /// <summary>Fills the last byte with zeros and returns the number of bytes.</summary>
    public int Finish()
    {
        BinaryPrimitives.WriteUInt64BigEndian(_bytes[_written..], _pending);
        return _written + (_pendingBits + 7) / 8;
    }

    private void Write(ulong value, int bits)
    {
        var free = 64 - _pendingBits;
        if (bits < free)
        {
            _pending |= value << (free - bits);
            _pendingBits += bits;
            return;
        }

        var over = bits - free;
        BinaryPrimitives.WriteUInt64BigEndian(_bytes[_written..], _pending | (value >> over));
        _written += 8;
        _pending = over == 0 ? 0 : value << (64 - over);
        _pendingBits = over;
    }
}
