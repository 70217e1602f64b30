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

    /// <summary>What becomes of points that come after their window is final. Default <see cref="LatePoints.Correct"/>.</summary>
    public LatePoints Late { get; set; } = LatePoints.Correct;

    /// <summary>
    /// For how long a final window takes late points, by the log's clock: up to one day, and not longer than the metric's history has windows as they came. Rollups wait
    /// as long. Default 1 hour.
    /// </summary>
    public TimeSpan CorrectFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Windows of one metric that wait in memory with late points: 1 to 100,000,000. Late points that need one more are counted as late. One takes 20 to 600 bytes.
    /// Default 1,000,000.
    /// </summary>
    public int MaxCorrected { get; set; } = 1_000_000;

    /// <summary>Final windows kept per series: 1 to 1,000. Default 6.</summary>
    public int Retained { get; set; } = 6;

    /// <summary>Quantiles reported per window: probabilities above 0, up to 1; at most 16. Default 0.5, 0.9, 0.99.</summary>
    public double[]? Quantiles { get; set; }

    /// <summary>The settings in the form that aggregation uses.</summary>
    public WindowSettings ToSettings() => new(
        (long)Size.TotalMilliseconds, (long)AllowedLateness.TotalMilliseconds, Retained, [.. (Quantiles ?? DefaultQuantiles).Distinct().Order()])
    {
        CorrectFor = Late == LatePoints.Correct ? (long)CorrectFor.TotalMilliseconds : 0,
        MaxCorrected = MaxCorrected,
    };

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

            if (!Enum.IsDefined(options.Late))
            {
                failures.Add($"Windows:Late is {options.Late}; it must be Drop or Correct.");
            }

            if (options.CorrectFor < TimeSpan.Zero || options.CorrectFor > TimeSpan.FromDays(1))
            {
                failures.Add($"Windows:CorrectFor is {options.CorrectFor}; it must be 00:00:00 to 1.00:00:00.");
            }

            if (options.MaxCorrected is < 1 or > 100_000_000)
            {
                failures.Add($"Windows:MaxCorrected is {options.MaxCorrected}; it must be 1 to 100,000,000.");
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
