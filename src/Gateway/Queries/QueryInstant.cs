using System.Globalization;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Reads an instant as people and tools write it in a query string.</summary>
internal static class QueryInstant
{
    /// <summary>What <see cref="TryParse"/> takes, for a person.</summary>
    public const string Allowed =
        "an RFC 3339 time such as 2026-01-01T00:00:00Z, Unix seconds such as 1767225600, now, or a time before now such as -30m (s, m, h, d, w)";

    private const decimal MaxUnixSeconds = 253_402_300_799m;
    private const int TickDigits = 7;

    private static readonly string[] Rfc3339 = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads an instant. Digits of a second beyond the seventh are cut off.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset instant)
    {
        instant = now;
        var span = text.AsSpan();
        if (span.StartsWith("now", StringComparison.OrdinalIgnoreCase))
        {
            span = span[3..];
            if (span.IsEmpty)
            {
                return true;
            }
        }

        if (span.IsEmpty)
        {
            return false;
        }

        return span[0] == '-'
            ? TryParseBefore(span[1..], now, out instant)
            : span.Length == text.Length && (TryParseUnixSeconds(span, out instant) || TryParseRfc3339(text, out instant));
    }

    /// <summary>Reads a length of time: a whole number and s, m, h, d or w.</summary>
    public static bool TryParseDuration(ReadOnlySpan<char> span, out TimeSpan duration)
    {
        duration = default;
        if (span.Length < 2 || !long.TryParse(span[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        var unit = span[^1] switch
        {
            's' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMinute,
            'h' => TimeSpan.TicksPerHour,
            'd' => TimeSpan.TicksPerDay,
            'w' => 7 * TimeSpan.TicksPerDay,
            _ => 0,
        };
        if (unit == 0 || count > TimeSpan.MaxValue.Ticks / unit)
        {
            return false;
        }

        duration = new TimeSpan(count * unit);
        return true;
    }

    private static bool TryParseBefore(ReadOnlySpan<char> span, DateTimeOffset now, out DateTimeOffset instant)
    {
        instant = default;
        if (!TryParseDuration(span, out var duration) || duration.Ticks > now.UtcTicks)
        {
            return false;
        }

        instant = new DateTimeOffset(now.UtcTicks - duration.Ticks, TimeSpan.Zero);
        return true;
    }

    private static bool TryParseUnixSeconds(ReadOnlySpan<char> span, out DateTimeOffset instant)
    {
        instant = default;
        if (!decimal.TryParse(span, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds > MaxUnixSeconds)
        {
            return false;
        }

        instant = DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    private static bool TryParseRfc3339(string text, out DateTimeOffset instant)
    {
        instant = default;
        var upper = text.ToUpperInvariant();
        if (upper.Length < 20)
        {
            return false;
        }

        // A plus sign that the client did not percent-encode arrives as a space.
        if (upper[^6] == ' ')
        {
            upper = $"{upper[..^6]}+{upper[^5..]}";
        }

        var hasOffset = upper[^1] == 'Z' || (upper[^3] == ':' && upper[^6] is '+' or '-');
        return hasOffset && DateTimeOffset.TryParseExact(
            WithoutExcessDigits(upper), Rfc3339, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out instant);
    }

    private static string WithoutExcessDigits(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0)
        {
            return text;
        }

        var end = point + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end - point - 1 <= TickDigits ? text : string.Concat(text.AsSpan(0, point + 1 + TickDigits), text.AsSpan(end));
    }
}
