using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>
/// Grain state in Azure Blob storage, one blob per state. The service compares the ETag and writes in one step, so that of two writers
/// that read the same state one gets an <see cref="InconsistentStateException"/>, wherever they run.
/// </summary>
/// <remarks>
/// Blob names and contents are those of <c>Microsoft.Orleans.Persistence.AzureStorage</c> 10.x, which can read and write the same
/// container: <c>{stateName}-{grainId}.json</c>, <c>application/octet-stream</c>, whatever the serializer made; an empty blob is a cleared
/// state. Only keys that cannot be a blob's name have another one here (<c>{SHA-256}.hashed</c>).
/// <para>
/// Another difference: a container that is missing while the silo runs is an error, as any other failure of the service. Orleans' own
/// provider reads it as "no state yet" and makes a new one, and grains go on without what they had.
/// </para>
/// <para>
/// The SDK repeats requests that fail; then its exception is thrown as it is, a <see cref="RequestFailedException"/>, or an
/// <see cref="AggregateException"/> of all tries. The state is as it was then, or written, when only the answer was lost: a repeat of a write
/// whose first try had reached the service meets its own ETag and is a conflict. The grain then reads what it has written itself.
/// </para>
/// </remarks>
public sealed class AzureBlobGrainStorage : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    // A refusal does not say which ETag is stored. Orleans' own provider uses the same word.
    private const string UnknownETag = "Unknown";

    private static readonly BlobHttpHeaders Headers = new() { ContentType = "application/octet-stream" };

    private readonly string _name;
    private readonly AzureBlobStorageOptions _options;
    private readonly IActivatorProvider _activators;
    private readonly ILogger _logger;
    private BlobContainerClient? _container;

    /// <summary>Makes a provider; <see cref="OpenAsync"/> must follow.</summary>
    /// <param name="name">The provider's name, for messages.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="activators">Makes the state of a grain that has none.</param>
    /// <param name="logger">Told where the states are.</param>
    public AzureBlobGrainStorage(
        string name, AzureBlobStorageOptions options, IActivatorProvider activators, ILogger<AzureBlobGrainStorage> logger)
    {
        _name = name;
        _options = options;
        _activators = activators;
        _logger = logger;
    }

    /// <summary>Opens the container, creating it when there is none. Idempotent.</summary>
    /// <exception cref="InvalidOperationException">The service cannot be reached or refuses. The message says why, without credentials.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var container = _options.BlobServiceClient!.GetBlobContainerClient(_options.ContainerName);

        // The query of an address may be a signature.
        var address = container.Uri.GetLeftPart(UriPartial.Path);
        try
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Azure Blob grain storage '{_name}' cannot open {address}: {Explain(exception)}", exception);
        }

        _container = container;
        AzureBlobGrainStorageMessages.Opened(_logger, _name, address);
    }

    /// <summary>Opens the container before any grain is active.</summary>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe($"{nameof(AzureBlobGrainStorage)}-{_name}", _options.InitStage, OpenAsync);

    /// <inheritdoc />
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>Reads state, ETag and whether a record exists. Without a blob the state is new and the ETag null; an empty blob has an ETag.</summary>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var blob = Blob(stateName, grainId);
        BlobDownloadStreamingResult found;
        try
        {
            found = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (IsBlobMissing(exception))
        {
            Reset(grainState, etag: null);
            return;
        }

        using (found)
        {
            var etag = found.Details.ETag.ToString();
            if (found.Details.ContentLength == 0)
            {
                Reset(grainState, etag);
                return;
            }

            // Not pooled: a serializer may keep the memory.
            var payload = GC.AllocateUninitializedArray<byte>(checked((int)found.Details.ContentLength));
            await found.Content.ReadExactlyAsync(payload, cancellationToken);
            var state = _options.GrainStorageSerializer.Deserialize<T>(new BinaryData(payload));
            grainState.RecordExists = state is not null;
            grainState.State = state ?? Create<T>();
            grainState.ETag = etag;
        }
    }

    /// <inheritdoc />
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>Writes the state if the stored ETag is still the grain's, and gives it a new one.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored. Nothing was written.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        // Memory, not a stream: a try that was given up may still be sending while the next one does.
        var payload = _options.GrainStorageSerializer.Serialize(grainState.State);
        grainState.ETag = await UploadAsync("write", stateName, grainId, payload, grainState.ETag, cancellationToken);
        grainState.RecordExists = true;
    }

    /// <inheritdoc />
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>
    /// Deletes the blob, or empties it, as <see cref="AzureBlobStorageOptions.DeleteStateOnClear"/> says, if the stored ETag is still the
    /// grain's. Deleting a blob that is gone already is done.
    /// </summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored. Nothing was removed.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        string? etag = null;
        if (_options.DeleteStateOnClear)
        {
            await DeleteAsync(stateName, grainId, grainState.ETag, cancellationToken);
        }
        else
        {
            etag = await UploadAsync("clear", stateName, grainId, BinaryData.Empty, grainState.ETag, cancellationToken);
        }

        Reset(grainState, etag);
    }

    private static BlobRequestConditions Unchanged(string? etag) =>
        string.IsNullOrEmpty(etag) ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = new ETag(etag) };

    private static bool IsBlobMissing(RequestFailedException exception) => exception.Status == 404 && exception.ErrorCode == BlobErrorCode.BlobNotFound;

    // With If-Match the service answers 412 to the loser of a race, or 404 when the blob is gone; with If-None-Match 409.
    private static bool IsConflict(RequestFailedException exception) =>
        exception.Status == 412 || IsBlobMissing(exception) || (exception.Status == 409 && exception.ErrorCode == BlobErrorCode.BlobAlreadyExists);

    private static string Explain(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Explain(last),
        RequestFailedException { Status: 401 or 403 } refused =>
            $"the service refuses the credentials, or they may not create the container ({refused.Status} {refused.ErrorCode}).",
        RequestFailedException { Status: 0 } unreachable => $"the service cannot be reached ({unreachable.Message.ReplaceLineEndings(" ")}).",
        RequestFailedException failed => $"the service answers {failed.Status} {failed.ErrorCode}.",
        _ => exception.Message,
    };

    private async Task<string> UploadAsync(
        string operation, string stateName, GrainId grainId, BinaryData payload, string? etag, CancellationToken cancellationToken)
    {
        var blob = Blob(stateName, grainId);
        try
        {
            var options = new BlobUploadOptions { HttpHeaders = Headers, Conditions = Unchanged(etag) };
            BlobContentInfo written = await blob.UploadAsync(payload, options, cancellationToken);
            return written.ETag.ToString();
        }
        catch (RequestFailedException exception) when (IsConflict(exception))
        {
            throw Conflict(operation, stateName, grainId, blob, etag, UnknownETag, exception);
        }
    }

    private async Task DeleteAsync(string stateName, GrainId grainId, string? etag, CancellationToken cancellationToken)
    {
        var blob = Blob(stateName, grainId);
        try
        {
            if (string.IsNullOrEmpty(etag))
            {
                // There should be no blob. Looked up, for Azurite deletes in spite of If-None-Match.
                BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                throw Conflict("clear", stateName, grainId, blob, etag, found.ETag.ToString(), inner: null);
            }

            await blob.DeleteAsync(conditions: Unchanged(etag), cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (IsBlobMissing(exception))
        {
            // What was wanted.
        }
        catch (RequestFailedException exception) when (IsConflict(exception))
        {
            throw Conflict("clear", stateName, grainId, blob, etag, UnknownETag, exception);
        }
    }

    private InconsistentStateException Conflict(
        string operation, string stateName, GrainId grainId, BlobClient blob, string? currentETag, string storedETag, RequestFailedException? inner) =>
        new(
            $"Version conflict on {operation} in '{_name}': state '{stateName}' of {grainId}, blob '{blob.Name}' in '{blob.BlobContainerName}', expected {currentETag ?? "(no record)"}.",
            storedETag,
            currentETag,
            inner);

    private BlobClient Blob(string stateName, GrainId grainId) =>
        (_container ?? throw new InvalidOperationException($"The grain storage '{_name}' is not open yet.")).GetBlobClient(BlobName.Of(stateName, grainId));

    private T Create<T>() => _activators.GetActivator<T>().Create();

    private void Reset<T>(IGrainState<T> grainState, string? etag)
    {
        grainState.State = Create<T>();
        grainState.ETag = etag;
        grainState.RecordExists = false;
    }
}
