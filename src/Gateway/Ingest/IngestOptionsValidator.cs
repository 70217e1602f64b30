using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Checks <see cref="IngestOptions"/> and names all that is wrong at once.</summary>
public sealed class IngestOptionsValidator : IValidateOptions<IngestOptions>
{
    private const int MinLineBytes = 256;
    private const int MaxLineBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan LongestReadTime = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, IngestOptions options)
    {
        var failures = new List<string>();
        Check(options.MaxLineBytes is >= MinLineBytes and <= MaxLineBytes, nameof(options.MaxLineBytes),
            $"must be from {MinLineBytes} to {MaxLineBytes}; it is {options.MaxLineBytes}");
        Check(options.MaxBodyBytes >= 1, nameof(options.MaxBodyBytes), $"must be at least 1; it is {options.MaxBodyBytes}");
        Check(options.MaxInFlightBytes >= options.MaxBodyBytes, nameof(options.MaxInFlightBytes),
            $"must be at least {nameof(options.MaxBodyBytes)} ({options.MaxBodyBytes}); it is {options.MaxInFlightBytes}");
        Check(options.MaxReadTime > TimeSpan.Zero && options.MaxReadTime <= LongestReadTime, nameof(options.MaxReadTime),
            $"must be more than zero and at most {LongestReadTime}; it is {options.MaxReadTime}");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool holds, string option, FormattableString failure)
        {
            if (!holds)
            {
                failures.Add(FormattableString.Invariant($"{IngestOptions.Section}:{option} {FormattableString.Invariant(failure)}."));
            }
        }
    }
}
