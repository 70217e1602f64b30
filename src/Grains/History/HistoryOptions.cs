using Microsoft.Extensions.Options;

namespace OrleansMetrics.Grains.History;

/// <summary>What is kept of final windows, and for how long. Section <c>History</c>.</summary>
public sealed class HistoryOptions
{
    private static readonly HistoryResolution[] DefaultResolutions =
    [
        new() { Step = TimeSpan.FromSeconds(10), Keep = TimeSpan.FromHours(2) },
        new() { Step = TimeSpan.FromMinutes(1), Keep = TimeSpan.FromDays(2) },
        new() { Step = TimeSpan.FromMinutes(10), Keep = TimeSpan.FromDays(30) },
        new() { Step = TimeSpan.FromHours(1), Keep = TimeSpan.FromDays(730) },
    ];

    /// <summary>Keep history. False: none is added; what is there can be read until it expires. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Resolutions, ascending, each a multiple of the one before and kept longer. Default 10 s for 2 hours, 1 min for 2 days, 10 min for 30 days, 1 h for 2 years. Those
    /// that are no multiple of <c>Windows:Size</c> are left out; windows themselves are kept as long as the finest.
    /// </summary>
    public HistoryResolution[]? Resolutions { get; set; }

    /// <summary>Resolutions for metrics by name; the first that matches counts. Default none.</summary>
    public HistoryPattern[]? Metrics { get; set; }

    /// <summary>How much event time goes into a chunk before chunks are merged: one second to an hour. Default 1 minute.</summary>
    public TimeSpan ChunkInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A metric with fewer windows waits with its chunk for up to <see cref="MaxChunkDelay"/>: 0 to 1,000,000. Default 256.</summary>
    public int ChunkWindows { get; set; } = 256;

    /// <summary>How long few windows wait in the snapshot: up to an hour. Default 10 minutes.</summary>
    public TimeSpan MaxChunkDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Chunks that are merged together have no more bytes than this: 64 KiB to 1 GiB. Default 8 MiB.</summary>
    public int MaxMergeBytes { get; set; } = 8 << 20;

    /// <summary>
    /// How long a chunk that has been replaced or is too old is still there, for queries that go on and for writes that are late: one second to an hour. Default 1 minute.
    /// </summary>
    public TimeSpan ClearDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Chunks that a silo keeps in memory for queries. Default 64 MiB.</summary>
    public long CacheBytes { get; set; } = 64L << 20;

    /// <summary>The resolutions of a metric that no pattern names.</summary>
    internal HistoryResolution[] EffectiveResolutions => Resolutions ?? DefaultResolutions;

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<HistoryOptions>
    {
        private const int MaxResolutions = 8;

        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, HistoryOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();
            Check("History:Resolutions", options.EffectiveResolutions, failures);
            foreach (var (pattern, i) in (options.Metrics ?? []).Select(static (pattern, i) => (pattern, i)))
            {
                if (pattern.Match.Length == 0)
                {
                    failures.Add($"History:Metrics:{i}:Match is empty; it must be a pattern for names.");
                }

                Check($"History:Metrics:{i}:Resolutions", pattern.Resolutions ?? [], failures);
            }

            if (options.ChunkInterval < TimeSpan.FromSeconds(1) || options.ChunkInterval > TimeSpan.FromHours(1))
            {
                failures.Add($"History:ChunkInterval is {options.ChunkInterval}; it must be 00:00:01 to 01:00:00.");
            }

            if (options.ChunkWindows is < 0 or > 1_000_000)
            {
                failures.Add($"History:ChunkWindows is {options.ChunkWindows}; it must be 0 to 1,000,000.");
            }

            if (options.MaxChunkDelay < TimeSpan.Zero || options.MaxChunkDelay > TimeSpan.FromHours(1))
            {
                failures.Add($"History:MaxChunkDelay is {options.MaxChunkDelay}; it must be 00:00:00 to 01:00:00.");
            }

            if (options.MaxMergeBytes is < 1 << 16 or > 1 << 30)
            {
                failures.Add($"History:MaxMergeBytes is {options.MaxMergeBytes}; it must be 65,536 to 1,073,741,824.");
            }

            if (options.ClearDelay < TimeSpan.FromSeconds(1) || options.ClearDelay > TimeSpan.FromHours(1))
            {
                failures.Add($"History:ClearDelay is {options.ClearDelay}; it must be 00:00:01 to 01:00:00.");
            }

            if (options.CacheBytes < 0)
            {
                failures.Add($"History:CacheBytes is {options.CacheBytes}; it must not be negative.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private static void Check(string setting, HistoryResolution[] resolutions, List<string> failures)
        {
            if (resolutions.Length > MaxResolutions)
            {
                failures.Add($"{setting} has {resolutions.Length} resolutions; there must be at most {MaxResolutions}.");
            }

            for (var i = 0; i < resolutions.Length; i++)
            {
                var (step, keep) = (resolutions[i].Step, resolutions[i].Keep);
                if (step < TimeSpan.FromMilliseconds(100) || step > TimeSpan.FromDays(7) || step.Ticks % TimeSpan.TicksPerMillisecond != 0)
                {
                    failures.Add($"{setting}:{i}:Step is {step}; it must be whole milliseconds from 00:00:00.1 to 7.00:00:00.");
                }
                else if (keep < step || keep > TimeSpan.FromDays(36_500))
                {
                    failures.Add($"{setting}:{i}:Keep is {keep}; it must be {step} to 36500.00:00:00.");
                }
                else if (i > 0 && (step <= resolutions[i - 1].Step || resolutions[i - 1].Step <= TimeSpan.Zero || step.Ticks % resolutions[i - 1].Step.Ticks != 0 || keep < resolutions[i - 1].Keep))
                {
                    failures.Add($"{setting}:{i} is {step} for {keep}; it must be a multiple of the resolution before, and be kept at least as long.");
                }
            }
        }
    }
}
