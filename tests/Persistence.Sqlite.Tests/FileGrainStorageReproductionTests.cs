using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Persistence.FileStorage;
using Orleans.Storage;
using OrleansMetrics.Persistence.Contract;

namespace OrleansMetrics.Persistence.Sqlite.Tests;

/// <summary>Why there is a provider of our own (docs/decisions/001): what Orleans' file provider makes of a write that was killed halfway.</summary>
public sealed class FileGrainStorageReproductionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task The_file_provider_neither_reads_nor_writes_a_state_whose_last_write_was_killed(int bytesWritten)
    {
        var host = Host.CreateApplicationBuilder();
        host.UseOrleans(silo => silo.UseLocalhostClustering().AddFileGrainStorage("files", options => options.RootDirectory = _directory));
        using var built = host.Build();
        var storage = built.Services.GetRequiredKeyedService<IGrainStorage>("files");
        var grain = GrainId.Create("aggregator", "cpu.load");
        var state = new SnapshotState(new Snapshot { Position = 1 });
        await storage.WriteStateAsync("state", grain, state);

        // File.WriteAllBytes truncates, then writes: this is the file when the process dies in between.
        using (var file = File.OpenWrite(Assert.Single(Directory.GetFiles(_directory))))
        {
            file.SetLength(bytesWritten);
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => storage.ReadStateAsync("state", grain, new SnapshotState(new Snapshot())));
        await Assert.ThrowsAsync<InvalidDataException>(() => storage.WriteStateAsync("state", grain, state));
        await Assert.ThrowsAsync<InvalidDataException>(() => storage.ClearStateAsync("state", grain, state));
    }
}
