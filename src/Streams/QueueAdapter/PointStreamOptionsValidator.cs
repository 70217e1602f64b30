using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.QueueAdapter;

/// <summary>Reports all options that are out of range, at once.</summary>
public sealed class PointStreamOptionsValidator : IValidateOptions<PointStreamOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, PointStreamOptions options)
    {
        var failures = new List<string>();
        Check(options.StreamCacheMaxBytes >= 64 * 1024, nameof(options.StreamCacheMaxBytes), "must be at least 65536 bytes");
        Check(options.StreamCacheMaxRecords >= 1, nameof(options.StreamCacheMaxRecords), "must be at least 1");
        Check(options.ReadMaxBytes >= 1024, nameof(options.ReadMaxBytes), "must be at least 1024 bytes");
        CheckTime(options.LongPoll, nameof(options.LongPoll), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        CheckTime(options.PullPause, nameof(options.PullPause), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));
        CheckTime(options.MaxDeliveryTime, nameof(options.MaxDeliveryTime), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void CheckTime(TimeSpan value, string option, TimeSpan least, TimeSpan most) =>
            Check(value >= least && value <= most, option, $"must be between {least} and {most}");

        void Check(bool holds, string option, string rule)
        {
            if (!holds)
            {
                failures.Add($"{PointStreamOptions.Section}:{option} is out of range: it {rule}.");
            }
        }
    }
}
