using System.Globalization;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Writes numbers as the shortest text that reads back as the same, to the byte as .NET does it; quicker for those with few decimal places.</summary>
internal static class NumberText
{
    /// <summary>Room that any number needs at most.</summary>
    public const int MaxBytes = 32;

    /// <summary>Below it, and from 0.001 on, there is no exponent; and a decimal of so many digits is the only one of its length, or shorter, for its double (15 = DBL_DIG).</summary>
    private const double MaxPlain = ShortestDecimal.Below;

    private const int Places = 3;
    private const int Scale = 1_000;

    /// <summary>Writes a finite number; returns how many bytes it takes.</summary>
    public static int Write(double value, Span<byte> into)
    {
        if (Math.Abs(value) < MaxPlain)
        {
            var whole = (long)value;
            if (whole == value && (whole != 0 || !double.IsNegative(value)))
            {
                return Write(whole, into);
            }

            var scaled = Math.Round(value * Scale);
            if (Math.Abs(scaled) is < MaxPlain and > 0 && scaled / Scale == value)
            {
                return WriteThousandths((long)scaled, into);
            }

            if (Math.Abs(value) >= ShortestDecimal.From)
            {
                return WriteDecimal(value, into);
            }
        }

        value.TryFormat(into, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }

    /// <summary>Writes a whole number; returns how many bytes it takes.</summary>
    public static int Write(long value, Span<byte> into)
    {
        value.TryFormat(into, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }

    /// <summary>Not a whole number: those have been written.</summary>
    private static int WriteDecimal(double value, Span<byte> into)
    {
        var (digits, exponent) = ShortestDecimal.Of(Math.Abs(value));
        for (var (tens, rest) = Math.DivRem(digits, 10); rest == 0; (tens, rest) = Math.DivRem(digits, 10))
        {
            (digits, exponent) = (tens, exponent + 1);
        }

        var start = 0;
        if (value < 0)
        {
            into[start++] = (byte)'-';
        }

        // The digits leave room for the point, which is moved to its place; or stand behind a zero, the point and further zeros.
        digits.TryFormat(into[(start + 1)..], out var count, default, CultureInfo.InvariantCulture);
        var whole = count + exponent;
        if (whole > 0)
        {
            into.Slice(start + 1, whole).CopyTo(into[start..]);
            into[start + whole] = (byte)'.';
            return start + count + 1;
        }

        into.Slice(start + 1, count).CopyTo(into[(start + 2 - whole)..]);
        into.Slice(start, 2 - whole).Fill((byte)'0');
        into[start + 1] = (byte)'.';
        return start + 2 - whole + count;
    }

    /// <summary>Not a whole number: those have been written.</summary>
    private static int WriteThousandths(long thousandths, Span<byte> into)
    {
        var written = 0;
        if (thousandths < 0)
        {
            into[written++] = (byte)'-';
            thousandths = -thousandths;
        }

        var (whole, rest) = Math.DivRem(thousandths, Scale);
        written += Write(whole, into[written..]);
        into[written++] = (byte)'.';
        for (var (digit, unit) = (0, Scale / 10); digit < Places && rest > 0; digit++, unit /= 10)
        {
            into[written++] = (byte)('0' + (rest / unit));
            rest %= unit;
        }

        return written;
    }
}
