using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Grains.Windows;

/// <summary>Which series are remembered, and for how long. Section <c>Series</c>.</summary>
public sealed class SeriesOptions
{
    private static readonly TimeSpan MaxExpiry = TimeSpan.FromDays(3_650);

    /// <summary>A series that no point has come for is forgotten after this time, by the log's clock; its history stays. Default 24 hours.</summary>
    public TimeSpan Expiry { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Series of a metric; points of further ones go to its overflow series, <c>otel.metric.overflow=true</c>. Default 100,000.</summary>
    public int MaxPerMetric { get; set; } = 100_000;

    /// <summary>
    /// Series in the memory of a silo, of all metrics: when there are so many, none start, on this silo, and their points go to the overflow series of
    /// their metrics. A series takes 300 to 900 bytes. Default 2,000,000.
    /// </summary>
    public int MaxPerNode { get; set; } = 2_000_000;

    /// <summary>The settings in the form that aggregation uses.</summary>
    public SeriesLimits ToLimits() => new((long)Expiry.TotalMilliseconds, MaxPerMetric);

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator(IOptions<WindowOptions> windows, IOptions<BatchingOptions> batching) : IValidateOptions<SeriesOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, SeriesOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();

            // A series that comes back after it has expired must come with its definition.
            var least = 2 * batching.Value.DefinitionPeriod + windows.Value.Size + windows.Value.AllowedLateness;
            if (options.Expiry < least || options.Expiry > MaxExpiry)
            {
                failures.Add($"Series:Expiry is {options.Expiry}; it must be at least twice Batching:DefinitionPeriod, Windows:Size and Windows:AllowedLateness ({least}), and ten years at most.");
            }

            if (options.MaxPerMetric is < 1 or > 10_000_000)
            {
                failures.Add($"Series:MaxPerMetric is {options.MaxPerMetric}; it must be 1 to 10,000,000.");
            }

            if (options.MaxPerNode is < 1 or > 100_000_000)
            {
                failures.Add($"Series:MaxPerNode is {options.MaxPerNode}; it must be 1 to 100,000,000.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
