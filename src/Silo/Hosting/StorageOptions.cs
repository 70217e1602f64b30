using Microsoft.Extensions.Options;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Where a standalone node keeps its data. Section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>Directory of the log and the snapshots; created when missing. Default <c>./data</c>.</summary>
    public string Directory { get; set; } = "data";

    /// <summary>Reports every value out of range.</summary>
    public sealed class Validator : IValidateOptions<StorageOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, StorageOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            if (string.IsNullOrWhiteSpace(options.Directory))
            {
                return ValidateOptionsResult.Fail("Storage:Directory is empty; it must name a directory.");
            }

            try
            {
                System.IO.Directory.CreateDirectory(options.Directory);
                var probe = Path.Combine(options.Directory, $".probe-{Guid.NewGuid():N}");
                File.WriteAllBytes(probe, []);
                File.Delete(probe);
                return ValidateOptionsResult.Success;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                return ValidateOptionsResult.Fail($"Storage:Directory is '{options.Directory}'; it cannot be written to: {exception.Message}");
            }
        }
    }
}
