using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>Reports all options of the provider that are missing or wrong, at once.</summary>
/// <param name="providerName">The provider whose options to look at; others are left alone.</param>
public sealed partial class AzureBlobStorageOptionsValidator(string providerName) : IValidateOptions<AzureBlobStorageOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, AzureBlobStorageOptions options)
    {
        if (name != providerName)
        {
            return ValidateOptionsResult.Skip;
        }

        var failures = new List<string>();
        Check(options.BlobServiceClient is not null, nameof(options.BlobServiceClient), "must be set");
        Check(
            options.ContainerName is { Length: >= 3 and <= 63 } container && ContainerName().IsMatch(container),
            nameof(options.ContainerName),
            "must be 3 to 63 lower-case letters, digits and single hyphens between them");
        Check(options.GrainStorageSerializer is not null, nameof(options.GrainStorageSerializer), "must be set");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool holds, string option, string rule)
        {
            if (!holds)
            {
                failures.Add($"Azure Blob grain storage '{providerName}': {option} {rule}.");
            }
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();
}
