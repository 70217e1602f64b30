using Azure.Storage.Blobs;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>Where and how grain state is kept in Azure Blob storage. Names and defaults are those of Orleans' own provider.</summary>
public sealed class AzureBlobStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>
    /// The client of the storage account, with its credentials, retries and time-outs. Required.
    /// <see cref="AzureBlobService.Connect"/> makes one from a connection string or from the account's address.
    /// </summary>
    public BlobServiceClient? BlobServiceClient { get; set; }

    /// <summary>
    /// The container; created when there is none. Clusters that share a storage account need one each: the blobs' names do not
    /// tell them apart. Default <c>grainstate</c>.
    /// </summary>
    public string ContainerName { get; set; } = "grainstate";

    /// <summary>
    /// True: clearing a state deletes its blob. False: it leaves an empty one, whose ETag keeps a stale writer from bringing the
    /// state back. Default true.
    /// </summary>
    public bool DeleteStateOnClear { get; set; } = true;

    /// <summary>The stage of the silo's life in which the container is opened. Default <see cref="ServiceLifecycleStage.ApplicationServices"/>.</summary>
    public int InitStage { get; set; } = ServiceLifecycleStage.ApplicationServices;

    /// <summary>
    /// How state becomes bytes. Default: the <see cref="IGrainStorageSerializer"/> registered under the provider's name, else the
    /// one registered without a name, which is Orleans' JSON unless the silo says otherwise.
    /// </summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}
