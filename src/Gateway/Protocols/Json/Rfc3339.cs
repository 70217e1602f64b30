namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>Reads timestamps as RFC 3339, section 5.6, writes them: date, time, optional fraction, offset.</summary>
public static class Rfc3339
{
    private const int SecondsLength = 19;
    private const long MillisecondsPerDay = 86_400_000;

    /// <summary>Unix milliseconds, rounded down. False: no such timestamp, an offset is missing, or the time is not in years 1 to 9999.</summary>
    /// <remarks>A leap second counts as the second after it. A space may stand for the T.</remarks>
    public static bool TryParse(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length <= SecondsLength || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':'
            || text[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
        {
            return false;
        }

        if (!TryReadDigits(text[..4], out var year) || !TryReadDigits(text[5..7], out var month) || !TryReadDigits(text[8..10], out var day)
            || !TryReadDigits(text[11..13], out var hour) || !TryReadDigits(text[14..16], out var minute)
            || !TryReadDigits(text[17..19], out var second))
        {
            return false;
        }

        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        var rest = text[SecondsLength..];
        if (!TryReadFraction(ref rest, out var fraction) || !TryReadOffset(rest, out var offset))
        {
            return false;
        }

        var days = new DateOnly(year, month, day).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        milliseconds = (days * MillisecondsPerDay) + (((((hour * 60L) + minute - offset) * 60) + second) * 1000) + fraction;
        return TimeRange.Contains(milliseconds);
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var b in text)
        {
            if ((uint)(b - '0') > 9)
            {
                return false;
            }

            value = (value * 10) + b - '0';
        }

        return true;
    }

    private static bool TryReadFraction(ref ReadOnlySpan<byte> text, out int milliseconds)
    {
        milliseconds = 0;
        if (text[0] != '.')
        {
            return true;
        }

        var length = text[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length < 1)
        {
            return false;
        }

        for (var i = 0; i < 3; i++)
        {
            milliseconds = (milliseconds * 10) + (i < length ? text[1 + i] - '0' : 0);
        }

        text = text[(1 + length)..];
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z' or (byte)'z'])
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != ':'
            || !TryReadDigits(text[1..3], out var hours) || !TryReadDigits(text[4..], out minutes) || hours > 23 || minutes > 59)
        {
            return false;
        }

        minutes += hours * 60;
        if (text[0] == '-')
        {
            minutes = -minutes;
        }

        return true;
    }
}
