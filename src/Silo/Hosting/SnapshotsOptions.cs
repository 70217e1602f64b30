using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Persistence.AzureStorage;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Where snapshots are kept. Section <c>Snapshots</c>.</summary>
public sealed class SnapshotsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Snapshots";

    /// <summary>Default: <see cref="SnapshotsProvider.Sqlite"/> for a standalone node, else <see cref="SnapshotsProvider.Redis"/>.</summary>
    public SnapshotsProvider? Provider { get; set; }

    /// <summary>
    /// Redis, as StackExchange.Redis writes it, or an Azure storage account: its connection string, or its address, which then is used with the
    /// identity of the process. Default: <c>ConnectionStrings:Redis</c> or <c>ConnectionStrings:AzureStorage</c>.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>Azure Blob storage: the container, of this cluster alone; created when there is none. Default <c>grainstate</c>.</summary>
    public string Container { get; set; } = "grainstate";

    /// <summary>The Azure connection given, or that of all.</summary>
    internal string? FindAzureConnection(IConfiguration configuration) =>
        string.IsNullOrWhiteSpace(ConnectionString) ? configuration.GetConnectionString("AzureStorage") : ConnectionString;

    /// <summary>Reports every value that cannot be used.</summary>
    internal sealed class Validator(NodeRole role, IConfiguration configuration) : IValidateOptions<SnapshotsOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, SnapshotsOptions options)
        {
            var failures = new List<string>();
            ProviderRule.Check(failures, "Snapshots:Provider", options.Provider, role, SnapshotsProvider.Sqlite);
            switch (ProviderRule.Choose(options.Provider, role, SnapshotsProvider.Sqlite, SnapshotsProvider.Redis))
            {
                case SnapshotsProvider.Redis:
                    RedisSetting.Check(failures, Section, configuration, options.ConnectionString);
                    break;
                case SnapshotsProvider.AzureBlob:
                    CheckAzure(failures, options);
                    break;
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private void CheckAzure(List<string> failures, SnapshotsOptions options)
        {
            if (options.FindAzureConnection(configuration) is not { Length: > 0 } connection)
            {
                failures.Add("Snapshots:ConnectionString is missing; give it, or ConnectionStrings:AzureStorage.");
            }
            else
            {
                try
                {
                    AzureBlobService.Connect(connection);
                }
                catch (ArgumentException exception)
                {
                    failures.Add($"Snapshots:ConnectionString cannot be used: {exception.Message}");
                }
            }

            if (options.Container.Length is < 3 or > 63 || !options.Container.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            {
                failures.Add($"Snapshots:Container is '{options.Container}'; it must be 3 to 63 lower-case letters, digits and dashes.");
            }
        }
    }
}
