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

    private readonly byte[] _ranks = new byte[Size];

    /// <summary>The rank of each register; 0: no element chose it.</summary>
    public ReadOnlySpan<byte> Ranks => _ranks;

    /// <summary>Registers that an element chose.</summary>
    public int Count => Size - _ranks.AsSpan().Count((byte)0);

    /// <summary>The register that an element chooses, and its rank there.</summary>
    public static (int Register, byte Rank) Of(ulong hash) =>
        ((int)(hash >> (64 - Precision)), (byte)(BitOperations.LeadingZeroCount((hash << Precision) | (1UL << (Precision - 1))) + 1));

    public void Clear() => _ranks.AsSpan().Clear();

    /// <summary>Raises a register.</summary>
    public void Raise(int register, byte rank) => _ranks[register] = Math.Max(_ranks[register], rank);

    /// <summary>Takes over what another has.</summary>
    public void Merge(HyperLogLog other)
    {
        for (var i = 0; i < _ranks.Length; i++)
        {
            _ranks[i] = Math.Max(_ranks[i], other._ranks[i]);
        }
    }

    /// <summary>The number of different elements, by Ertl's improved raw estimator (arXiv:1702.01284), which needs neither tables nor thresholds.</summary>
    public long Estimate()
    {
        Span<int> counts = stackalloc int[MaxRank + 1];
        counts.Clear();
        foreach (var rank in _ranks)
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
        for (var (register, previous) = (0, -1); register < Size; register++)
        {
            if (_ranks[register] > 0)
            {
                output.WriteGamma((ulong)(register - previous));
                output.WriteGamma(_ranks[register]);
                previous = register;
            }
        }
    }

    /// <inheritdoc cref="Write(BitSink)"/>
    public void Write(ref BitWriter output)
    {
        output.WriteGamma((ulong)Count);
        for (var (register, previous) = (0, -1); register < Size; register++)
        {
            if (_ranks[register] > 0)
            {
                output.WriteGamma((ulong)(register - previous));
                output.WriteGamma(_ranks[register]);
                previous = register;
            }
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
            _ranks[register] = (byte)rank;
        }
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
}
