namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// The shortest decimal that reads back as a given double, and of those the nearest: R. Giulietti, "The Schubfach way to render doubles" (2020). For the range in which powers of ten are exact in 128 bits and
/// numbers are written without an exponent; it is what .NET writes there, in a fraction of the time.
/// </summary>
internal static class ShortestDecimal
{
    /// <summary>The least double of the range.</summary>
    public const double From = 1e-4;

    /// <summary>All doubles of the range are less; from here on .NET writes an exponent.</summary>
    public const double Below = 1e15;

    /// <summary>The power of ten by which the least double of the range becomes a whole number of 16 or 17 digits.</summary>
    private const int MaxPower = 20;

    private const int FractionBits = 52;
    private const int ExponentOfUnit = 1075;

    /// <summary>Powers of ten, shifted so that their highest bit is bit 127.</summary>
    private static readonly UInt128[] Powers = MakePowers();

    /// <summary>The decimal is digits × 10^exponent; digits may end in zeros.</summary>
    /// <param name="value">Positive, within the range.</param>
    public static (ulong Digits, int Exponent) Of(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var fraction = bits & ((1UL << FractionBits) - 1);
        var binary = (int)(bits >> FractionBits) - ExponentOfUnit;
        var whole = fraction | (1UL << FractionBits);

        // Below a power of two doubles are twice as dense.
        var isPowerOfTwo = fraction == 0;
        var exponent = ((binary * 1_262_611) - (isPowerOfTwo ? 524_031 : 0)) >> 22;
        var shift = binary + ((-exponent * 1_741_647) >> 19) + 1;
        var power = Powers[-exponent];

        // Four times the value and the middles between it and its neighbours, in units of 10^exponent, with a lowest bit that is set when they are not exact.
        var low = MultiplyToOdd(power, ((4 * whole) - (isPowerOfTwo ? 1UL : 2)) << shift);
        var exact = MultiplyToOdd(power, (4 * whole) << shift);
        var high = MultiplyToOdd(power, ((4 * whole) + 2) << shift);

        // What lies in the middle is read as the neighbour whose fraction is even.
        var isOdd = whole & 1;
        low += isOdd;
        high -= isOdd;

        var digits = exact / 4;
        var tens = digits / 10;
        var downTen = low <= 40 * tens;
        if (downTen != ((40 * tens) + 40 <= high))
        {
            return (downTen ? tens : tens + 1, exponent + 1);
        }

        var down = low <= 4 * digits;
        if (down != ((4 * digits) + 4 <= high))
        {
            return (down ? digits : digits + 1, exponent);
        }

        var middle = (4 * digits) + 2;
        return (exact > middle || (exact == middle && (digits & 1) == 1) ? digits + 1 : digits, exponent);
    }

    private static ulong MultiplyToOdd(UInt128 power, ulong value)
    {
        var high = Math.BigMul((ulong)(power >> 64), value, out var low);
        var carried = Math.BigMul((ulong)power, value, out _);
        low += carried;
        high += low < carried ? 1UL : 0;
        return high | (low > 1 ? 1UL : 0);
    }

    private static UInt128[] MakePowers()
    {
        var powers = new UInt128[MaxPower + 1];
        var power = UInt128.One;
        for (var i = 0; i < powers.Length; i++)
        {
            powers[i] = power << (int)UInt128.LeadingZeroCount(power);
            power *= 10;
        }

        return powers;
    }
}
