using System.Globalization;

namespace OrleansMetrics.Gateway.Protocols;

/// <summary>Reads decimal numbers from UTF-8, rounded as <see cref="double.Parse(string)"/> rounds, without regard to culture.</summary>
/// <remarks>
/// The fast path is Clinger's: a mantissa below 2⁵³ and a power of ten up to 10²² are both exact, so that one multiplication or division
/// rounds once (W. Clinger, "How to read floating point numbers accurately", PLDI 1990). Everything else goes to the runtime.
/// </remarks>
public static class NumberReader
{
    private const ulong ExactMantissa = 1UL << 53;
    private const int MaxMantissaDigits = 19;
    private const int MaxExponent = 100_000;

    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Reads the number at the start of the text: <c>[+-]digits[.digits][e[+-]digits]</c>, at least one digit before or after the point.</summary>
    /// <param name="text">Text that begins with the number and may go on.</param>
    /// <param name="value">The nearest double; infinite when the number is too large.</param>
    /// <param name="isInteger">True when there is neither a point nor an exponent.</param>
    /// <returns>How many bytes the number takes; 0 if there is none.</returns>
    public static int Read(ReadOnlySpan<byte> text, out double value, out bool isInteger)
    {
        var at = !text.IsEmpty && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        ulong mantissa = 0;
        var digits = ReadDigits(text, ref at, ref mantissa);
        var exponent = 0;
        isInteger = true;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            isInteger = false;
            exponent = -ReadDigits(text, ref at, ref mantissa);
            digits -= exponent;
        }

        value = 0;
        if (digits == 0)
        {
            return 0;
        }

        if (at < text.Length && (text[at] | 0x20) == 'e')
        {
            isInteger = false;
            if (!TryReadExponent(text, ref at, ref exponent))
            {
                return 0;
            }
        }

        if (digits > MaxMantissaDigits || !TryScale(mantissa, exponent, out value))
        {
            return ReadSlowly(text[..at], out value);
        }

        if (text[0] == '-')
        {
            value = -value;
        }

        return at;
    }

    private static int ReadDigits(ReadOnlySpan<byte> text, ref int at, ref ulong mantissa)
    {
        var sum = mantissa;
        var i = at;
        for (; (uint)i < (uint)text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit > 9)
            {
                break;
            }

            sum = (sum * 10) + digit;
        }

        var count = i - at;
        at = i;
        mantissa = sum;
        return count;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, ref int at, ref int exponent)
    {
        at++;
        var negative = at < text.Length && text[at] == '-';
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            at++;
        }

        var start = at;
        var written = 0;
        for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++)
        {
            written = Math.Min((written * 10) + text[at] - '0', MaxExponent);
        }

        exponent += negative ? -written : written;
        return at > start;
    }

    private static bool TryScale(ulong mantissa, int exponent, out double value)
    {
        var powers = PowersOfTen;
        if (exponent == 0)
        {
            value = mantissa;
            return true;
        }

        if (mantissa > ExactMantissa || Math.Abs(exponent) >= powers.Length)
        {
            value = 0;
            return false;
        }

        value = exponent < 0 ? mantissa / powers[-exponent] : mantissa * powers[exponent];
        return true;
    }

    private static int ReadSlowly(ReadOnlySpan<byte> number, out double value) =>
        double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value) ? number.Length : 0;
}
