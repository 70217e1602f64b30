using Microsoft.Extensions.Options;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>How the cluster is cut into partitions. Section <c>Partitions</c>.</summary>
public sealed class PartitionOptions
{
    /// <summary>Number of partitions: 1 to 1,024, fixed when the cluster's log is created. Default 16.</summary>
    public int Count { get; set; } = 16;

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<PartitionOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, PartitionOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            return options.Count is >= 1 and <= 1_024
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"Partitions:Count is {options.Count}; it must be 1 to 1,024.");
        }
    }
}
