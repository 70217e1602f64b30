namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Event times, Unix milliseconds, and the windows they fall into.</summary>
internal static class EventTime
{
    /// <summary>0001-01-01T00:00:00Z, the earliest instant of <see cref="DateTimeOffset"/>.</summary>
    public const long Min = -62_135_596_800_000;

    /// <summary>9999-12-31T23:59:59.999Z, the latest instant of <see cref="DateTimeOffset"/>.</summary>
    public const long Max = 253_402_300_799_999;

    /// <summary>Longest window and longest lateness: a thousand years. Sums of these and of any event time stay far from overflow.</summary>
    public const long MaxDuration = 1_000L * 366 * 24 * 60 * 60 * 1_000;

    /// <summary>Start of the window that a time falls into; windows are aligned to the epoch on both of its sides.</summary>
    public static long StartOf(long time, long size)
    {
        var offset = time % size;
        return time - (offset < 0 ? offset + size : offset);
    }
}
