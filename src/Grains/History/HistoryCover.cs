namespace OrleansMetrics.Grains.History;

/// <summary>Which resolution answers for which part of a range: the longest steps that still divide the one asked for; finer ones where these are not made yet, and longer ones where finer ones are gone. Pure.</summary>
internal static class HistoryCover
{
    /// <summary>The parts, latest first. No window is in two of them.</summary>
    /// <param name="tiers">Resolutions, windows as they came first.</param>
    /// <param name="from">Start of the range, Unix milliseconds.</param>
    /// <param name="to">End of the range.</param>
    /// <param name="step">Length of the windows wanted; 0: as they are.</param>
    /// <param name="size">Length of windows as they came.</param>
    public static IEnumerable<HistorySegment> Segments(IReadOnlyList<HistoryTierView> tiers, long from, long to, long step, int size)
    {
        var wanted = 0;
        for (var i = 1; i < tiers.Count; i++)
        {
            wanted = step > 0 && tiers[i].Step <= step && step % tiers[i].Step == 0 && tiers[i].Through > long.MinValue ? i : wanted;
        }

        var upper = to;
        for (var i = 0; i < tiers.Count && upper > from; i++)
        {
            var lower = long.MinValue;
            if (i + 1 < tiers.Count)
            {
                var next = tiers[i + 1];
                lower = i < wanted ? next.Through : LowerOf(tiers[i].ExpiredThrough, next.Step, next.Through);
            }

            // Windows that begin before the range and reach into it belong to it.
            var first = SeriesMerger.StepStart(from, tiers[i].Step == 0 ? size : tiers[i].Step);
            if (Math.Max(lower, first) < upper)
            {
                yield return new HistorySegment(i, Math.Max(lower, first), upper);
            }

            upper = Math.Min(upper, lower);
        }
    }

    /// <summary>The start of the time that a resolution is read for when windows are read as they are; before it, the next one is.</summary>
    /// <param name="tier">The resolution.</param>
    /// <param name="next">That of the next longer step; null: there is none.</param>
    public static long LowerOf(TierChunks tier, TierChunks? next) => next is null ? long.MinValue : LowerOf(tier.ExpiredThrough, next.Step, next.Through);

    private static long LowerOf(long expiredThrough, int nextStep, long nextThrough) =>
        expiredThrough > long.MinValue ? Math.Min(nextThrough, Ceiling(expiredThrough, nextStep)) : long.MinValue;

    private static long Ceiling(long time, long step) => SeriesMerger.StepStart(time - 1, step) + step;
}
