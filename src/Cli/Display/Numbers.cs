using System.Globalization;

namespace OrleansMetrics.Cli.Display;

/// <summary>Numbers as people read them.</summary>
internal static class Numbers
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Six significant digits after the point at most; very large and very small values in scientific notation.</summary>
    public static string Format(double value)
    {
        var magnitude = Math.Abs(value);
        return value == 0 || (magnitude >= 1e-4 && magnitude < 1e15)
            ? value.ToString(magnitude >= 1e6 ? "#,0.###" : "0.######", CultureInfo.InvariantCulture)
            : value.ToString("0.#####e+0", CultureInfo.InvariantCulture);
    }

    /// <summary>As for a known number; <c>overflow</c> for one that the node could not hold.</summary>
    public static string Format(double? value) => value is { } known ? Format(known) : "overflow";

    /// <summary>A whole number with thousands separated.</summary>
    public static string Format(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number of bytes in the largest unit that keeps it above one.</summary>
    public static string FormatBytes(double bytes)
    {
        var unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }
        return bytes.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + ByteUnits[unit];
    }

    /// <summary>Milliseconds with two decimals.</summary>
    public static string FormatMilliseconds(TimeSpan duration) => duration.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms";

    /// <summary>An instant in UTC, to the second.</summary>
    public static string Format(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
