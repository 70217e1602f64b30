namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>Names of precisions, and timestamps as Unix milliseconds.</summary>
public static class TimestampPrecisions
{
    /// <summary>The precision of a query parameter; null or empty is nanoseconds. False: no such precision.</summary>
    public static bool TryParse(string? name, out TimestampPrecision precision)
    {
        TimestampPrecision? found = name switch
        {
            null or "" or "ns" or "n" => TimestampPrecision.Nanoseconds,
            "us" or "u" or "µ" => TimestampPrecision.Microseconds,
            "ms" => TimestampPrecision.Milliseconds,
            "s" => TimestampPrecision.Seconds,
            "m" => TimestampPrecision.Minutes,
            "h" => TimestampPrecision.Hours,
            _ => null,
        };
        precision = found ?? default;
        return found is not null;
    }

    /// <summary>Unix milliseconds, rounded down. False: before year 1 or after year 9999.</summary>
    public static bool TryToMilliseconds(this TimestampPrecision precision, long timestamp, out long milliseconds)
    {
        switch (precision)
        {
            case TimestampPrecision.Nanoseconds:
                milliseconds = FloorDivide(timestamp, 1_000_000);
                break;
            case TimestampPrecision.Microseconds:
                milliseconds = FloorDivide(timestamp, 1_000);
                break;
            default:
                var scale = precision switch
                {
                    TimestampPrecision.Milliseconds => 1,
                    TimestampPrecision.Seconds => 1_000,
                    TimestampPrecision.Minutes => 60_000,
                    _ => 3_600_000,
                };
                if (Math.BigMul(timestamp, scale, out milliseconds) != milliseconds >> 63)
                {
                    return false;
                }

                break;
        }

        return TimeRange.Contains(milliseconds);
    }

    private static long FloorDivide(long dividend, long divisor)
    {
        var quotient = dividend / divisor;
        return dividend < 0 && quotient * divisor != dividend ? quotient - 1 : quotient;
    }
}
