using Microsoft.Extensions.Options;

namespace OrleansMetrics.Grains.Flush;

/// <summary>How often and how aggregates are persisted. Section <c>Flush</c>.</summary>
public sealed class FlushOptions
{
    /// <summary>Time between snapshots of what has changed. Default 10 seconds.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Snapshots of one partition written at the same time. Default 4.</summary>
    public int Parallelism { get; set; } = 4;

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<FlushOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, FlushOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();
            if (options.Interval < TimeSpan.FromMilliseconds(100) || options.Interval > TimeSpan.FromHours(1))
            {
                failures.Add($"Flush:Interval is {options.Interval}; it must be 00:00:00.1 to 01:00:00.");
            }

            if (options.Parallelism is < 1 or > 256)
            {
                failures.Add($"Flush:Parallelism is {options.Parallelism}; it must be 1 to 256.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
