using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansMetrics.Persistence.Contract;

namespace OrleansMetrics.Persistence.AzureStorage.Tests;

public sealed class AzureBlobGrainStorageTests(Azurite azurite) : GrainStorageContract, IClassFixture<Azurite>, IDisposable
{
    private readonly StorageFactory _storages = new();
    private readonly string _container = $"test-{Guid.NewGuid():N}";

    public void Dispose() => _storages.Dispose();

    [SkippableFact]
    public async Task A_conflict_keeps_what_the_service_said()
    {
        var storage = await OpenAsync();
        await WriteAsync(storage, 1);
        var stale = new SnapshotState(new Snapshot(), "\"0x8D0000000000000\"", true);

        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, stale));
        var firstWrite = await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(storage, 2));

        Assert.Equal(412, Assert.IsType<RequestFailedException>(error.InnerException).Status);
        Assert.Equal(409, Assert.IsType<RequestFailedException>(firstWrite.InnerException).Status);
        Assert.Equal(stale.ETag, error.CurrentEtag);
        Assert.Contains(Grain.ToString(), error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Blobs_are_named_and_typed_as_by_the_official_provider()
    {
        var storage = await OpenAsync();
        await storage.WriteStateAsync("state", GrainId.Create("aggregator", "cpu.load"), new SnapshotState());
        await storage.WriteStateAsync("state", GrainId.Create("aggregator", "disk/sda 1"), new SnapshotState());

        var blobs = await Container().GetBlobsAsync(BlobTraits.None, BlobStates.None, null, default).ToListAsync();

        Assert.Equal(["state-aggregator/cpu.load.json", "state-aggregator/disk/sda 1.json"], blobs.Select(blob => blob.Name));
        Assert.All(blobs, blob => Assert.Equal("application/octet-stream", blob.Properties.ContentType));
    }

    [SkippableFact]
    public async Task A_clear_that_keeps_the_blob_leaves_it_empty_and_fences_stale_writers()
    {
        var storage = await OpenAsync(options => options.DeleteStateOnClear = false);
        var state = await WriteAsync(storage, 1);
        var stale = await ReadAsync(storage);

        await storage.ClearStateAsync("state", Grain, state);

        var read = await ReadAsync(storage);
        Assert.Equal((false, 0, state.ETag), (read.RecordExists, read.State.Position, read.ETag));
        Assert.Equal((false, 0), (state.RecordExists, state.State.Position));
        Assert.NotNull(state.ETag);
        Assert.Equal(0, Assert.Single(await Container().GetBlobsAsync(BlobTraits.None, BlobStates.None, null, default).ToListAsync()).Properties.ContentLength);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, stale));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", Grain, stale));
        read.State.Position = 2;
        await storage.WriteStateAsync("state", Grain, read);
        Assert.Equal(2, (await ReadAsync(storage)).State.Position);
    }

    [SkippableFact]
    public async Task A_container_that_vanished_is_an_error_and_not_an_empty_state()
    {
        var storage = await OpenAsync();
        var state = await WriteAsync(storage, 1);
        await Container().DeleteAsync();

        Assert.Equal("ContainerNotFound", (await Assert.ThrowsAsync<RequestFailedException>(() => ReadAsync(storage))).ErrorCode);
        Assert.Equal("ContainerNotFound", (await Assert.ThrowsAsync<RequestFailedException>(() => WriteAsync(storage, 1))).ErrorCode);
        Assert.Equal("ContainerNotFound", (await Assert.ThrowsAsync<RequestFailedException>(() => storage.WriteStateAsync("state", Grain, state))).ErrorCode);
        Assert.Equal("ContainerNotFound", (await Assert.ThrowsAsync<RequestFailedException>(() => storage.ClearStateAsync("state", Grain, state))).ErrorCode);
        Assert.Equal((1, true), (state.State.Position, state.RecordExists));
    }

    [SkippableFact]
    public async Task A_blob_that_is_no_state_is_an_error_and_leaves_the_grains_state_alone()
    {
        var storage = await OpenAsync();
        await WriteAsync(storage, 1);
        await Container().GetBlobClient($"state-{Grain}.json").UploadAsync(BinaryData.FromString("no state"), overwrite: true);
        var state = new SnapshotState(new Snapshot { Position = 7 }, "etag", true);

        await Assert.ThrowsAnyAsync<Exception>(() => storage.ReadStateAsync("state", Grain, state));

        Assert.Equal((7, "etag", true), (state.State.Position, state.ETag, state.RecordExists));
    }

    [SkippableFact]
    public async Task A_cancelled_write_changes_nothing()
    {
        var storage = await OpenAsync();
        var state = await WriteAsync(storage, 1);
        var etag = state.ETag;
        state.State.Position = 2;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.WriteStateAsync("state", Grain, state, new CancellationToken(canceled: true)));

        Assert.Equal(etag, state.ETag);
        Assert.Equal(1, (await ReadAsync(storage)).State.Position);
    }

    protected override Task<IGrainStorage> OpenAsync() => OpenAsync(_ => { });

    private async Task<IGrainStorage> OpenAsync(Action<AzureBlobStorageOptions> configure)
    {
        Azurite.Require();
        var storage = _storages.Create(azurite.Connect(), _container, configure);
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }

    private BlobContainerClient Container() => azurite.Connect().GetBlobContainerClient(_container);
}
