using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>Reports all options that are out of range, at once.</summary>
public sealed class PointLogOptionsValidator : IValidateOptions<PointLogOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, PointLogOptions options)
    {
        var failures = new List<string>();
        Check(Enum.IsDefined(options.Sync), nameof(options.Sync), "must be Normal or Full");
        Check(options.MaxBytesPerPartition >= 1024, nameof(options.MaxBytesPerPartition), "must be at least 1024 bytes");
        Check(options.TailBytesPerPartition >= 0, nameof(options.TailBytesPerPartition), "must not be negative");
        Check(options.MaxQueuedBytes >= 1024, nameof(options.MaxQueuedBytes), "must be at least 1024 bytes");
        Check(options.MaxQueuedAppends >= 1, nameof(options.MaxQueuedAppends), "must be at least 1");
        Check(options.MaxCommitBytes >= 1, nameof(options.MaxCommitBytes), "must be at least 1 byte");
        Check(options.CheckpointBytes is >= 1 << 20 and <= 1 << 30, nameof(options.CheckpointBytes), "must be between 1 MiB and 1 GiB");
        Check(options.SegmentBytes is >= 1 << 10 and <= 1 << 30, nameof(options.SegmentBytes), "must be between 1 KiB and 1 GiB");
        Check(
            options.DuplicateWindow >= TimeSpan.FromSeconds(1) && options.DuplicateWindow <= TimeSpan.FromDays(1),
            nameof(options.DuplicateWindow),
            "must be between 1 second and 1 day");
        Check(
            options.MaxRequestKeysPerPartition is >= 1 and <= 10_000_000,
            nameof(options.MaxRequestKeysPerPartition),
            "must be between 1 and 10000000");
        Check(options.TrimChunkRecords is >= 1 and <= 10_000, nameof(options.TrimChunkRecords), "must be between 1 and 10000");
        Check(options.MaxConcurrentReads is >= 1 and <= 64, nameof(options.MaxConcurrentReads), "must be between 1 and 64");
        Check(
            options.PollInterval >= TimeSpan.FromMilliseconds(1) && options.PollInterval <= TimeSpan.FromMinutes(1),
            nameof(options.PollInterval),
            "must be between 1 ms and 1 minute");
        Check(
            options.BusyTimeout >= TimeSpan.Zero && options.BusyTimeout <= TimeSpan.FromMinutes(10),
            nameof(options.BusyTimeout),
            "must be between 0 and 10 minutes");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool holds, string option, string rule)
        {
            if (!holds)
            {
                failures.Add($"{PointLogOptions.Section}:{option} is out of range: it {rule}.");
            }
        }
    }
}
