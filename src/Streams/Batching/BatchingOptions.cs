using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.Batching;

/// <summary>How points are merged into batches. Section <c>Batching</c>.</summary>
public sealed class BatchingOptions
{
    /// <summary>Most points of one batch. Default 16,384, about 330 KB.</summary>
    public int MaxBatchPoints { get; set; } = 16_384;

    /// <summary>Most points taken from waiting requests into one append; a larger request goes alone. Default 262,144.</summary>
    public int MaxAppendPoints { get; set; } = 262_144;

    /// <summary>Most requests that wait for the log; one more is refused as overload. Default 1,024.</summary>
    public int MaxWaitingRequests { get; set; } = 1_024;

    /// <summary>How often a gateway repeats the definition of a series. Default five minutes.</summary>
    public TimeSpan DefinitionPeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<BatchingOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, BatchingOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();
            if (options.MaxBatchPoints is < 16 or > 1_000_000)
            {
                failures.Add($"Batching:MaxBatchPoints is {options.MaxBatchPoints}; it must be 16 to 1,000,000.");
            }

            if (options.MaxAppendPoints < options.MaxBatchPoints)
            {
                failures.Add($"Batching:MaxAppendPoints is {options.MaxAppendPoints}; it must be at least Batching:MaxBatchPoints ({options.MaxBatchPoints}).");
            }

            if (options.MaxWaitingRequests is < 1 or > 1_000_000)
            {
                failures.Add($"Batching:MaxWaitingRequests is {options.MaxWaitingRequests}; it must be 1 to 1,000,000.");
            }

            if (options.DefinitionPeriod < TimeSpan.FromSeconds(1) || options.DefinitionPeriod > TimeSpan.FromHours(1))
            {
                failures.Add($"Batching:DefinitionPeriod is {options.DefinitionPeriod}; it must be one second to one hour.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
