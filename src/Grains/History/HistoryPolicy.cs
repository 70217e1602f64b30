using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Partitions;

namespace OrleansMetrics.Grains.History;

/// <summary>What is kept of which metric.</summary>
public sealed class HistoryPolicy(IOptions<HistoryOptions> options, WindowSettings windows)
{
    private const int BlockWindows = 360;

    /// <summary>The history of a metric; null: it has none.</summary>
    public HistorySettings? For(string metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        var all = options.Value;
        var pattern = all.Metrics?.FirstOrDefault(one => Glob.Matches(one.Match, metric));
        var resolutions = pattern is null ? all.EffectiveResolutions : pattern.Resolutions ?? [];
        if (!all.Enabled || resolutions.Length == 0)
        {
            return null;
        }

        var size = (int)windows.Size;
        var own = resolutions.Where(one => one.Step.TotalMilliseconds <= size).Select(static one => one.Keep).DefaultIfEmpty(resolutions[0].Keep).Max();
        HistoryTier[] tiers =
        [
            new HistoryTier(size, (long)own.TotalMilliseconds),
            .. resolutions.Where(one => one.Step.TotalMilliseconds > size && one.Step.TotalMilliseconds % size == 0)
                .Select(static one => new HistoryTier((int)one.Step.TotalMilliseconds, (long)one.Keep.TotalMilliseconds)),
        ];

        // Spread over a quarter of the first block.
        var share = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(metric.AsSpan())) % 1024;
        var delay = (long)share * size * BlockWindows / 4096;
        return new HistorySettings(
            tiers, (long)all.ChunkInterval.TotalMilliseconds, all.ChunkWindows, (long)all.MaxChunkDelay.TotalMilliseconds, all.MaxMergeBytes, BlockWindows, delay)
        {
            ClearDelay = (long)all.ClearDelay.TotalMilliseconds,
        };
    }
}
