using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Walks the counters of a run that have counted something, in the order of their buckets.</summary>
internal ref struct CounterReader
{
    private readonly ReadOnlySpan<ulong> _words;
    private readonly int _bits;
    private readonly ulong _mask;
    private readonly int _first;
    private readonly int _perWord;
    private ulong _word;
    private int _next;

    public CounterReader(scoped in Counters counters, BlockHeap heap)
    {
        _words = counters.Block == 0
            ? default
            : MemoryMarshal.Cast<byte, ulong>(heap.Bytes(counters.Block)[..Counters.BytesOf(counters.Slots, counters.Width)]);
        _bits = 4 << counters.Width;
        _mask = ulong.MaxValue >> (64 - _bits);
        _first = counters.First;
        _perWord = 64 / _bits;
    }

    public int Bucket { get; private set; }

    public ulong Count { get; private set; }

    public bool MoveNext()
    {
        while (_word == 0)
        {
            if (_next == _words.Length)
            {
                return false;
            }

            _word = _words[_next++];
        }

        var slot = BitOperations.TrailingZeroCount(_word) / _bits;
        Count = (_word >> (slot * _bits)) & _mask;
        _word &= ~(_mask << (slot * _bits));
        Bucket = _first + (_next - 1) * _perWord + slot;
        return true;
    }
}
