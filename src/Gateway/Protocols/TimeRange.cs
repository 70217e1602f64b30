namespace OrleansMetrics.Gateway.Protocols;

/// <summary>The event times that points may have: those that <see cref="DateTimeOffset"/> can hold, so that every point accepted can be shown.</summary>
internal static class TimeRange
{
    private const long Min = -62_135_596_800_000;
    private const long Max = 253_402_300_799_999;

    public static bool Contains(long unixMilliseconds) => unixMilliseconds is >= Min and <= Max;
}
