using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansMetrics.Persistence.Contract;

namespace OrleansMetrics.Persistence.AzureStorage.Tests;

/// <summary>What happens while the service is away, or does not want us.</summary>
public sealed class ServiceFailureTests(Azurite azurite) : IClassFixture<Azurite>, IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("aggregator", "cpu");
    private readonly StorageFactory _storages = new();

    public void Dispose() => _storages.Dispose();

    [SkippableFact]
    public async Task While_the_service_is_away_operations_fail_and_afterwards_they_go_on_where_they_were()
    {
        Azurite.Require();
        var storage = _storages.Create(azurite.Connect(), "away");
        await storage.OpenAsync(CancellationToken.None);
        var state = new SnapshotState(new Snapshot { Position = 1 });
        await storage.WriteStateAsync("state", Grain, state);
        var etag = state.ETag;
        await azurite.StopAsync();

        state.State.Position = 2;
        foreach (var operation in new[] { storage.WriteStateAsync("state", Grain, state), storage.ClearStateAsync("state", Grain, state), storage.ReadStateAsync("state", Grain, state) })
        {
            var error = await Assert.ThrowsAsync<AggregateException>(() => operation);
            Assert.Contains($"127.0.0.1:{azurite.Port}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal((2, etag, true), (state.State.Position, state.ETag, state.RecordExists));
        await azurite.StartAsync();
        await storage.WriteStateAsync("state", Grain, state);
        var read = new SnapshotState();
        await storage.ReadStateAsync("state", Grain, read);
        Assert.Equal((2, state.ETag), (read.State.Position, read.ETag));
    }

    [SkippableFact]
    public async Task A_wrong_key_is_said_at_the_start_and_not_shown()
    {
        Azurite.Require();
        var key = Convert.ToBase64String(new byte[64]);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => _storages.Create(Azurite.Connect(azurite.Port, key), "refused").OpenAsync(CancellationToken.None));

        Assert.Contains("refuses the credentials", error.Message, StringComparison.Ordinal);
        Assert.Contains("403", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_container_that_exists_is_opened_by_many_at_once()
    {
        Azurite.Require();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _storages.Create(azurite.Connect(), "opened").OpenAsync(CancellationToken.None)));
        await _storages.Create(azurite.Connect(), "opened").OpenAsync(CancellationToken.None);
    }

    [SkippableFact]
    public async Task A_grain_keeps_its_state_and_one_whose_state_was_overtaken_starts_again_from_it()
    {
        Azurite.Require();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.AddAzureBlobGrainStorage("azure", options =>
        {
            options.BlobServiceClient = azurite.Connect();
            options.ContainerName = "grains";
        }));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        var grain = cluster.Client.GetGrain<ICounterGrain>("a");
        Assert.Equal(2, await grain.Add(2));
        await grain.Leave();
        Assert.Equal(5, await grain.Add(3));

        // As a second activation would.
        var blob = azurite.Connect().GetBlobContainerClient("grains").GetBlobClient("count-counter/a.json");
        var content = (await blob.DownloadContentAsync()).Value.Content.ToString();
        Assert.Contains("5", content, StringComparison.Ordinal);
        await blob.UploadAsync(BinaryData.FromString(content.Replace('5', '8')), overwrite: true);

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add(1));
        Assert.Equal(9, await grain.Add(1));
    }

    [Fact]
    public async Task A_silo_that_cannot_reach_the_service_says_so_and_does_not_start()
    {
        // Nothing listens on port 1.
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.AddAzureBlobGrainStorage("azure", options => options.BlobServiceClient = Azurite.Connect(port: 1)));
        await using var cluster = builder.Build();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => cluster.DeployAsync());

        Assert.Contains("cannot open http://127.0.0.1:1/devstoreaccount1/grainstate", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("cannot be reached (Connection refused", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_takes_the_connection_and_never_answers_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var options = new BlobClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1), NetworkTimeout = TimeSpan.FromMilliseconds(100) } };
        var client = AzureBlobService.Connect($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/devstoreaccount1?sig=c2VjcmV0", options);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => _storages.Create(client, "silent").OpenAsync(CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1)));

        Assert.Contains("exceeded the configured timeout of 0:00:00.1", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", error.ToString(), StringComparison.Ordinal);
    }
}
