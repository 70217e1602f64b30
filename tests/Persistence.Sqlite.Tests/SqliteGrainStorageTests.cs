using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansMetrics.Persistence.Contract;

namespace OrleansMetrics.Persistence.Sqlite.Tests;

public sealed class SqliteGrainStorageTests : GrainStorageContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-").FullName;
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private string File => Path.Combine(_directory, "state.db");

    public void Dispose()
    {
        _services.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_conflict_carries_the_stored_and_the_expected_etag()
    {
        await using var storage = Open();
        var stored = await WriteAsync(storage, 1);
        var stale = new SnapshotState(new Snapshot(), "stale", true);

        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, stale));

        Assert.Equal((stored.ETag, "stale"), (error.StoredEtag, error.CurrentEtag));
    }

    [Fact]
    public async Task Writes_that_wait_at_the_same_time_share_a_commit()
    {
        await using var storage = Open();
        Task[] writes;
        using (var other = Connect())
        {
            // The lock of another process holds the commit thread up until all writes wait.
            Execute(other, "BEGIN IMMEDIATE");
            var first = Write("first");
            writes = Enumerable.Range(0, 50).Select(i => Write($"{i}")).ToArray();
            Execute(other, "ROLLBACK");
            await first;
            await Task.WhenAll(writes);
        }

        Assert.InRange(storage.Commits, 1, 2);

        Task Write(string key) => storage.WriteStateAsync("state", GrainId.Create("aggregator", key), new SnapshotState(new Snapshot()));
    }

    [Fact]
    public async Task A_conflict_does_not_hurt_the_writes_that_share_its_commit()
    {
        await using var storage = Open();
        var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");
        var writes = Enumerable.Range(0, 10).Select(i => storage.WriteStateAsync(
            "state", GrainId.Create("aggregator", $"{i}"), new SnapshotState(new Snapshot(), i == 5 ? "stale" : null))).ToArray();
        Execute(other, "ROLLBACK");
        await other.DisposeAsync();

        await Assert.ThrowsAsync<InconsistentStateException>(() => Task.WhenAll(writes));

        Assert.Equal(9, writes.Count(write => write.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Clusters_with_other_service_ids_share_the_file_but_no_state()
    {
        await using var one = Open("one");
        await using var two = Open("two");
        await WriteAsync(one, 1);

        Assert.False((await ReadAsync(two)).RecordExists);
        await WriteAsync(two, 2);
        Assert.Equal(1, (await ReadAsync(one)).State.Position);
    }

    [Fact]
    public async Task A_store_that_fails_fails_the_write_and_serves_the_next()
    {
        await using var storage = Open();
        var state = await WriteAsync(storage, 1);
        using (var connection = Connect())
        {
            Execute(connection, "CREATE TRIGGER fail BEFORE UPDATE ON grain_state BEGIN SELECT RAISE(ABORT, 'disk on fire'); END");
        }

        await Assert.ThrowsAsync<SqliteException>(() => Overwrite(storage, state));

        using (var connection = Connect())
        {
            Execute(connection, "DROP TRIGGER fail");
        }

        Assert.Equal(1, storage.StoreErrors);
        await Overwrite(storage, state);
        Assert.Equal(9, (await ReadAsync(storage)).State.Position);
    }

    [Fact]
    public async Task A_file_of_another_schema_version_is_refused()
    {
        await Open().DisposeAsync();
        using (var connection = Connect())
        {
            Execute(connection, "PRAGMA user_version=99");
        }

        Assert.Contains("99", Assert.Throws<InvalidOperationException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_killed_halfway_leaves_the_state_before_it()
    {
        await using (var storage = Open())
        {
            await WriteAsync(storage, 1, new byte[100_000]);
            using var writer = Connect();
            Execute(writer, "PRAGMA wal_autocheckpoint=0");
            Execute(writer, "PRAGMA cache_size=1");
            Execute(writer, "BEGIN IMMEDIATE");
            Execute(writer, "UPDATE grain_state SET payload = randomblob(3000000), etag = 'half'");

            // What a killed process leaves: the file and a write-ahead log that ends within a transaction.
            foreach (var suffix in new[] { "", "-wal" })
            {
                System.IO.File.Copy(File + suffix, File + ".killed" + suffix);
            }

            Assert.True(new FileInfo(File + ".killed-wal").Length > 1_000_000, "The killed write must have reached the disk in part.");
            Execute(writer, "ROLLBACK");
        }

        await using var after = Open(file: File + ".killed");
        var read = await ReadAsync(after);
        Assert.Equal(1, read.State.Position);
        await Overwrite(after, read);
    }

    [Fact]
    public void All_options_out_of_range_are_reported_at_once()
    {
        var result = new SqliteGrainStorageOptionsValidator("name").Validate("name", new SqliteGrainStorageOptions { MaxQueuedWrites = 0 });

        Assert.Equal(2, result.Failures!.Count());
        Assert.True(new SqliteGrainStorageOptionsValidator("name").Validate("other", new SqliteGrainStorageOptions()).Skipped);
    }

    [Fact]
    public async Task A_silo_registers_the_provider_by_name_with_the_binary_serializer()
    {
        var host = Host.CreateApplicationBuilder();
        host.UseOrleans(silo => silo.UseLocalhostClustering().AddSqliteGrainStorage("snapshots", options => options.Configure(o => o.Path = File)));
        using var built = host.Build();

        await using var storage = Assert.IsType<SqliteGrainStorage>(built.Services.GetRequiredKeyedService<IGrainStorage>("snapshots"));

        var options = built.Services.GetRequiredService<IOptionsMonitor<SqliteGrainStorageOptions>>().Get("snapshots");
        Assert.IsType<OrleansGrainStorageSerializer>(options.GrainStorageSerializer);
        storage.Open();
        await WriteAsync(storage, 1);
        Assert.Equal(1, (await ReadAsync(storage)).State.Position);
    }

    protected override Task<IGrainStorage> OpenAsync() => Task.FromResult<IGrainStorage>(Open());

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static Task Overwrite(SqliteGrainStorage storage, SnapshotState state)
    {
        state.State.Position = 9;
        return storage.WriteStateAsync("state", Grain, state);
    }

    private SqliteGrainStorage Open(string serviceId = "service", string? file = null)
    {
        var options = new SqliteGrainStorageOptions
        {
            Path = file ?? File,
            GrainStorageSerializer = new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()),
        };
        var storage = new SqliteGrainStorage(
            "test", serviceId, options, _services.GetRequiredService<IActivatorProvider>(), NullLogger<SqliteGrainStorage>.Instance);
        storage.Open();
        return storage;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=false");
        connection.Open();
        return connection;
    }
}
