using System.Globalization;

namespace OrleansMetrics.Streams.Redis;

/// <summary>Numbers as the scripts write them.</summary>
internal static class Invariant
{
    public static long Int64(ReadOnlySpan<char> text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
