using System.Globalization;
using System.Runtime.CompilerServices;

namespace OrleansMetrics.Gateway.Protocols;

/// <summary>Reads decimal numbers from UTF-8, rounded as <see cref="double.Parse(string)"/> rounds, without regard to culture.</summary>
/// <remarks>
/// The fast path is Clinger's: a mantissa up to 2⁵³ and a power of ten up to 10²² are both exact, so that one division
/// rounds once (W. Clinger, "How to read floating point numbers accurately", PLDI 1990). Everything else, and every exponent, goes to the runtime.
/// </remarks>
public static class NumberReader
{
    private const ulong ExactMantissa = 1UL << 53;
    private const int MaxMantissaDigits = 19;

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
        // Locals go by reference only to what is inlined, so that they stay in registers.
        var at = !text.IsEmpty && text[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        ulong mantissa = 0;
        var digits = ReadDigits(text, ref at, ref mantissa);
        var exponent = 0;
        isInteger = true;
        if ((uint)at < (uint)text.Length && text[at] == '.')
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

        if ((uint)at < (uint)text.Length && (text[at] | 0x20) == 'e')
        {
            isInteger = false;
            return ReadSlowly(text, at + ExponentLength(text[at..]), out value);
        }

        if (digits > MaxMantissaDigits || (exponent != 0 && (mantissa > ExactMantissa || -exponent >= PowersOfTen.Length)))
        {
            return ReadSlowly(text, at, out value);
        }

        double number = mantissa;
        if (exponent != 0)
        {
            number /= PowersOfTen[-exponent];
        }

        value = text[0] == '-' ? -number : number;
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    /// <summary>The length of the exponent with its letter; 1 when there are no digits, which is then refused.</summary>
    private static int ExponentLength(ReadOnlySpan<byte> text)
    {
        var start = text.Length > 1 && text[1] is (byte)'-' or (byte)'+' ? 2 : 1;
        var digits = text[start..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits == 0 ? 1 : start + (digits < 0 ? text.Length - start : digits);
    }

    private static int ReadSlowly(ReadOnlySpan<byte> text, int length, out double value) =>
        double.TryParse(text[..length], NumberStyles.Float, CultureInfo.InvariantCulture, out value) ? length : 0;
}
