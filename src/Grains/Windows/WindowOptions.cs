using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Windows;

/// <summary>How windows are cut, closed and kept. Section <c>Windows</c>.</summary>
public sealed class WindowOptions
{
    private static readonly double[] DefaultQuantiles = [0.5, 0.9, 0.99];

    /// <summary>Length of a window: whole milliseconds, 100 ms to one day. Default 10 seconds.</summary>
    public TimeSpan Size { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its end a window still takes points, by the log's clock: 0 to one hour. Default 10 seconds.</summary>
    public TimeSpan AllowedLateness { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Final windows kept per series: 1 to 1,000. Default 6.</summary>
    public int Retained { get; set; } = 6;

    /// <summary>Quantiles reported per window: probabilities above 0, up to 1; at most 16. Default 0.5, 0.9, 0.99.</summary>
    public double[]? Quantiles { get; set; }

    /// <summary>The settings in the form that aggregation uses.</summary>
    public WindowSettings ToSettings() => new(
        (long)Size.TotalMilliseconds, (long)AllowedLateness.TotalMilliseconds, Retained, [.. (Quantiles ?? DefaultQuantiles).Distinct().Order()]);

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<WindowOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, WindowOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();
            if (options.Size < TimeSpan.FromMilliseconds(100) || options.Size > TimeSpan.FromDays(1) || options.Size.Ticks % TimeSpan.TicksPerMillisecond != 0)
            {
                failures.Add($"Windows:Size is {options.Size}; it must be whole milliseconds from 00:00:00.1 to 1.00:00:00.");
            }

            if (options.AllowedLateness < TimeSpan.Zero || options.AllowedLateness > TimeSpan.FromHours(1))
            {
                failures.Add($"Windows:AllowedLateness is {options.AllowedLateness}; it must be 00:00:00 to 01:00:00.");
            }

            if (options.Retained is < 1 or > 1_000)
            {
                failures.Add($"Windows:Retained is {options.Retained}; it must be 1 to 1,000.");
            }

            if (options.Quantiles is { } quantiles && (quantiles.Length > 16 || quantiles.Any(static q => !(q > 0 && q <= 1))))
            {
                failures.Add($"Windows:Quantiles is [{string.Join(", ", quantiles)}]; it must be at most 16 probabilities above 0 and up to 1.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
