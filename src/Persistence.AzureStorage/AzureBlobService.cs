using Azure.Identity;
using Azure.Storage.Blobs;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>Makes clients of a storage account from what a setting can hold.</summary>
public static class AzureBlobService
{
    /// <summary>How long one try of a request may take, unless the caller brings options of its own.</summary>
    public static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// A client for <paramref name="connection"/>, which is one of
    /// a connection string (<c>AccountName=…;AccountKey=…</c>, <c>UseDevelopmentStorage=true</c>);
    /// the account's address with a shared access signature (<c>https://account.blob.core.windows.net?sv=…&amp;sig=…</c>);
    /// the account's address alone (<c>https://account.blob.core.windows.net</c>): then the identity of the process is used, as
    /// <see cref="DefaultAzureCredential"/> finds it: environment, workload identity, managed identity, developer's login.
    /// The service is not called.
    /// </summary>
    /// <param name="connection">Where the account is, and perhaps the key to it.</param>
    /// <param name="options">Retries and time-outs. Default: the SDK's three retries with growing delays, <see cref="NetworkTimeout"/> for each try.</param>
    /// <exception cref="ArgumentException">It is none of the three. The message does not repeat it, for it may hold a key.</exception>
    public static BlobServiceClient Connect(string connection, BlobClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connection);
        options ??= new BlobClientOptions { Retry = { NetworkTimeout = NetworkTimeout } };
        if (Uri.TryCreate(connection, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return address.Query.Contains("sig=", StringComparison.Ordinal)
                ? new BlobServiceClient(address, options)
                : new BlobServiceClient(RequireHttps(address), new DefaultAzureCredential(), options);
        }

        try
        {
            return new BlobServiceClient(connection, options);
        }
        catch (FormatException exception)
        {
            throw new ArgumentException(
                "The connection of Azure Blob storage is neither a connection string (AccountName=…;AccountKey=…) nor an https address.",
                nameof(connection),
                exception);
        }
    }

    private static Uri RequireHttps(Uri address) => address.Scheme == Uri.UriSchemeHttps
        ? address
        : throw new ArgumentException(
            "The address of Azure Blob storage must be https: without a shared access signature the process's identity is sent.", nameof(address));
}
