using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.Batching;

/// <summary>Which timestamps are taken, whichever way a point comes: section <c>Ingest</c>.</summary>
public sealed class PointTimeOptions
{
    /// <summary>The configuration section; a gateway has more settings in it.</summary>
    public const string Section = "Ingest";

    /// <summary>How far a timestamp may be ahead of this process's clock. Default 10 minutes.</summary>
    public TimeSpan MaxFutureTime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary><see cref="MaxFutureTime"/> in milliseconds, small enough to be added to any Unix time.</summary>
    public long MaxFutureMilliseconds() => (long)MaxFutureTime.TotalMilliseconds;

    /// <summary>Reports a value out of range.</summary>
    public sealed class Validator : IValidateOptions<PointTimeOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, PointTimeOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            return options.MaxFutureTime >= TimeSpan.Zero
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"{Section}:{nameof(options.MaxFutureTime)} must not be negative; it is {options.MaxFutureTime}.");
        }
    }
}
