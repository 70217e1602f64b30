using System.Numerics;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>
/// How many different elements there were, from the greatest number of zeros among hashes that begin alike: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007) with 64-bit hashes and
/// m = 4,096 registers: a standard error of 1.04 / √m = 1.6 %. Merges exactly: what was in both is counted once.
/// </summary>
internal sealed class HyperLogLog
{
    /// <summary>Bits of a hash that choose a register.</summary>
    public const int Precision = 12;

    /// <summary>Registers.</summary>
    public const int Size = 1 << Precision;

    /// <summary>The highest rank: of a hash that has no one after the register's bits.</summary>
    public const int MaxRank = 64 - Precision + 1;

    /// <summary>Registers that have a rank are kept one by one up to so many: a window of few elements takes little.</summary>
    private const int MaxFew = 512;
    private const int RankBits = 8;

    /// <summary>Ascending by register: register and rank. Not when all are kept.</summary>
    private uint[] _few = [];
    private int _fewCount;
    private byte[] _all = [];
    private bool _hasAll;

    /// <summary>Registers that an element chose.</summary>
    public int Count => _hasAll ? Size - _all.AsSpan().Count((byte)0) : _fewCount;

    /// <summary>The register that an element chooses, and its rank there.</summary>
    public static (int Register, byte Rank) Of(ulong hash) =>
        ((int)(hash >> (64 - Precision)), (byte)(BitOperations.LeadingZeroCount((hash << Precision) | (1UL << (Precision - 1))) + 1));

    /// <summary>Forgets all elements, and keeps the memory.</summary>
    public void Clear() => (_fewCount, _hasAll) = (0, false);

    /// <summary>The registers that have a rank, ascending.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Raises a register.</summary>
    /// <param name="register">Its number.</param>
    /// <param name="rank">At least 1.</param>
    public void Raise(int register, byte rank)
    {
        if (_hasAll)
        {
            _all[register] = Math.Max(_all[register], rank);
            return;
        }

        var entry = ((uint)register << RankBits) | rank;
        var at = _fewCount;
        if (at > 0 && _few[at - 1] >> RankBits >= register)
        {
            at = _few.AsSpan(0, at).BinarySearch<uint, uint>((uint)register << RankBits);
            at = at < 0 ? ~at : at;
            if (_few[at] >> RankBits == register)
            {
                _few[at] = Math.Max(_few[at], entry);
                return;
            }
        }

        if (_fewCount == MaxFew)
        {
            KeepAll();
            _all[register] = rank;
            return;
        }

        if (_fewCount == _few.Length)
        {
            Array.Resize(ref _few, Math.Max(4, _few.Length * 2));
        }

        _few.AsSpan(at.._fewCount).CopyTo(_few.AsSpan(at + 1));
        _few[at] = entry;
        _fewCount++;
    }

    /// <summary>Takes over what another has.</summary>
    public void Merge(HyperLogLog other)
    {
        foreach (var (register, rank) in other)
        {
            Raise(register, rank);
        }
    }

    /// <summary>The number of different elements, by Ertl's improved raw estimator (arXiv:1702.01284), which needs neither tables nor thresholds.</summary>
    public long Estimate()
    {
        Span<int> counts = stackalloc int[MaxRank + 1];
        counts.Clear();
        counts[0] = Size - Count;
        foreach (var (_, rank) in this)
        {
            counts[rank]++;
        }

        if (counts[0] == Size)
        {
            return 0;
        }

        var z = Size * Tau(1 - ((double)counts[MaxRank] / Size));
        for (var rank = MaxRank - 1; rank > 0; rank--)
        {
            z = 0.5 * (z + counts[rank]);
        }

        z += Size * Sigma((double)counts[0] / Size);
        return (long)Math.Round(Size / (2 * Math.Log(2)) * Size / z);
    }

    /// <summary>Writes the registers that have a rank: docs/formats/snapshot.md, "Set".</summary>
    public void Write(BitSink output)
    {
        output.WriteGamma((ulong)Count);
        var previous = -1;
        foreach (var (register, rank) in this)
        {
            output.WriteGamma((ulong)(register - previous));
            output.WriteGamma(rank);
            previous = register;
        }
    }

    /// <inheritdoc cref="Write(BitSink)"/>
    public void Write(ref BitWriter output)
    {
        output.WriteGamma((ulong)Count);
        var previous = -1;
        foreach (var (register, rank) in this)
        {
            output.WriteGamma((ulong)(register - previous));
            output.WriteGamma(rank);
            previous = register;
        }
    }

    /// <summary>Reads what was written, of so many points.</summary>
    /// <exception cref="InvalidDataException">The bits are no registers.</exception>
    public void Read(ref BitReader input, long points)
    {
        Clear();
        var count = input.ReadGamma();
        if (count > Size || count > (ulong)points)
        {
            throw new InvalidDataException($"a set of {points} points has {count} registers");
        }

        for (var register = -1; count > 0; count--)
        {
            var gap = input.ReadGamma();
            var rank = input.ReadGamma();
            if (gap >= (ulong)(Size - register) || rank > MaxRank)
            {
                throw new InvalidDataException("a register of a set is none, or has no rank that there is");
            }

            register += (int)gap;
            Raise(register, (byte)rank);
        }
    }

    private void KeepAll()
    {
        if (_all.Length == 0)
        {
            _all = new byte[Size];
        }

        _all.AsSpan().Clear();
        foreach (var entry in _few.AsSpan(0, _fewCount))
        {
            _all[entry >> RankBits] = (byte)entry;
        }

        _hasAll = true;
    }

    private static double Sigma(double x)
    {
        if (x >= 1)
        {
            return double.PositiveInfinity;
        }

        var (y, z, before) = (1.0, x, double.NaN);
        while (!z.Equals(before))
        {
            x *= x;
            before = z;
            z += x * y;
            y += y;
        }

        return z;
    }

    private static double Tau(double x)
    {
        if (x is <= 0 or >= 1)
        {
            return 0;
        }

        var (y, z, before) = (1.0, 1 - x, double.NaN);
        while (!z.Equals(before))
        {
            x = Math.Sqrt(x);
            before = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
        }

        return z / 3;
    }

    /// <summary>Walks the registers that have a rank.</summary>
    public struct Enumerator(HyperLogLog registers)
    {
        private int _at = -1;

        /// <summary>The register that the last <see cref="MoveNext"/> came to, and its rank.</summary>
        public (int Register, byte Rank) Current { get; private set; }

        /// <summary>Goes on to the next register that has a rank.</summary>
        public bool MoveNext()
        {
            if (!registers._hasAll)
            {
                if (++_at >= registers._fewCount)
                {
                    return false;
                }

                Current = ((int)(registers._few[_at] >> RankBits), (byte)registers._few[_at]);
                return true;
            }

            var gap = registers._all.AsSpan(_at + 1).IndexOfAnyExcept((byte)0);
            if (gap < 0)
            {
                return false;
            }

            _at += gap + 1;
            Current = (_at, registers._all[_at]);
            return true;
        }
    }
}
