using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.Batching;

/// <summary>Checks <see cref="SeriesCacheOptions"/> and names all that is wrong at once.</summary>
public sealed class SeriesCacheOptionsValidator : IValidateOptions<SeriesCacheOptions>
{
    private const long MinBytes = 1024 * 1024;
    private const long MaxBytes = 1024L * 1024 * 1024;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SeriesCacheOptions options)
    {
        var failures = new List<string>();
        if (options.MaxSeries < 1)
        {
            failures.Add($"{SeriesCacheOptions.Section}:{nameof(options.MaxSeries)} must be at least 1; it is {options.MaxSeries}.");
        }

        if (options.MaxBytes is < MinBytes or > MaxBytes)
        {
            failures.Add($"{SeriesCacheOptions.Section}:{nameof(options.MaxBytes)} must be from {MinBytes} to {MaxBytes}; it is {options.MaxBytes}.");
        }

        if (options.MaxMetrics < 1)
        {
            failures.Add($"{SeriesCacheOptions.Section}:{nameof(options.MaxMetrics)} must be at least 1; it is {options.MaxMetrics}.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
