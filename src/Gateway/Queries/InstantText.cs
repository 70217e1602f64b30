using System.Globalization;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Writes instants of Unix milliseconds as <see cref="AggregatesJson.InstantFormat"/> does. Instants of one day, one after the other, are cheap. One thread at a time.</summary>
internal sealed class InstantText
{
    /// <summary>Room that an instant needs at most.</summary>
    public const int MaxBytes = 24;

    private const long MillisecondsPerDay = 86_400_000;
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly byte[] _date = new byte["2026-01-01T".Length];
    private long _day = long.MinValue;

    /// <summary>Writes an instant, kept within the calendar; returns how many bytes it takes.</summary>
    public int Write(long time, Span<byte> into)
    {
        time = Math.Clamp(time, Earliest, Latest);
        var day = Math.DivRem(time, MillisecondsPerDay, out var rest);
        if (rest < 0)
        {
            day--;
            rest += MillisecondsPerDay;
        }

        if (day != _day)
        {
            DateTime.UnixEpoch.AddDays(day).TryFormat(_date, out _, "yyyy-MM-dd'T'", CultureInfo.InvariantCulture);
            _day = day;
        }

        _date.CopyTo(into);
        var (milliseconds, fraction) = Math.DivRem((uint)rest, 1_000u);
        var (minutes, second) = Math.DivRem(milliseconds, 60u);
        var (hour, minute) = Math.DivRem(minutes, 60u);
        Two(hour, into[11..]);
        into[13] = (byte)':';
        Two(minute, into[14..]);
        into[16] = (byte)':';
        Two(second, into[17..]);
        var written = 19;
        if (fraction > 0)
        {
            into[written++] = (byte)'.';
            for (var unit = 100u; fraction > 0; unit /= 10)
            {
                into[written++] = (byte)('0' + (fraction / unit));
                fraction %= unit;
            }
        }

        into[written++] = (byte)'Z';
        return written;
    }

    private static void Two(uint number, Span<byte> into)
    {
        into[1] = (byte)('0' + (number % 10));
        into[0] = (byte)('0' + (number / 10));
    }
}
