using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.Contract;

/// <summary>
/// What every grain storage provider promises. A subclass says how to open one; all instances opened by a test share the same store.
/// It may skip a test there when the store cannot be had on this machine.
/// </summary>
public abstract class GrainStorageContract
{
    /// <summary>The grain of <see cref="ReadAsync"/> and <see cref="WriteAsync"/>.</summary>
    protected static readonly GrainId Grain = GrainId.Create("aggregator", "cpu.load/with spaces, ünïcode and 'quotes'");

    /// <summary>Opens the provider, or another instance on the same store, as another process would.</summary>
    protected abstract Task<IGrainStorage> OpenAsync();

    /// <summary>Closes an instance.</summary>
    protected virtual async Task CloseAsync(IGrainStorage storage)
    {
        if (storage is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task A_grain_without_a_record_reads_a_new_state()
    {
        var storage = await OpenAsync();
        var state = new SnapshotState(new Snapshot { Text = "left over" }, "left over", true);

        await storage.ReadStateAsync("state", Grain, state);

        Assert.Equal(0, state.State.Position);
        Assert.Null(state.State.Text);
        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task What_was_written_is_read_with_its_etag_also_by_another_instance()
    {
        var storage = await OpenAsync();
        var written = await WriteAsync(storage, 42, new byte[100_000]);

        var other = await OpenAsync();
        var read = await ReadAsync(other);

        Assert.Equal(42, read.State.Position);
        Assert.Equal(100_000, read.State.Bytes!.Length);
        Assert.Equal(written.ETag, read.ETag);
        Assert.True(read.RecordExists);
        Assert.True(written.RecordExists);
        Assert.NotNull(written.ETag);
        await CloseAsync(storage);
        await CloseAsync(other);
    }

    [SkippableFact]
    public async Task Each_write_gives_a_new_etag_with_which_the_next_succeeds()
    {
        var storage = await OpenAsync();
        var state = new SnapshotState(new Snapshot());
        var etags = new HashSet<string?>();
        for (var i = 1; i <= 5; i++)
        {
            state.State.Position = i;
            await storage.WriteStateAsync("state", Grain, state);
            Assert.True(etags.Add(state.ETag));
        }

        Assert.Equal(5, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_write_with_a_stale_etag_is_a_conflict_and_changes_nothing()
    {
        var storage = await OpenAsync();
        var first = await WriteAsync(storage, 1);
        var stale = await ReadAsync(storage);
        first.State.Position = 2;
        await storage.WriteStateAsync("state", Grain, first);

        stale.State.Position = 3;
        var staleETag = stale.ETag;
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, stale));

        Assert.Equal(staleETag, stale.ETag);
        Assert.Equal(2, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_first_write_where_a_record_exists_is_a_conflict()
    {
        var storage = await OpenAsync();
        await WriteAsync(storage, 1);

        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync(storage, 2));

        Assert.Equal(1, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_write_with_an_etag_where_no_record_exists_is_a_conflict()
    {
        var storage = await OpenAsync();
        var one = await WriteAsync(storage, 1);
        var other = await ReadAsync(storage);
        await storage.ClearStateAsync("state", Grain, one);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, other));

        Assert.False((await ReadAsync(storage)).RecordExists);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task Of_many_writers_with_the_same_etag_exactly_one_succeeds()
    {
        var storages = new[] { await OpenAsync(), await OpenAsync() };
        await WriteAsync(storages[0], 0);
        for (var round = 0; round < 10; round++)
        {
            await RaceAsync(storages, Grain, (await ReadAsync(storages[0])).ETag);
        }

        await CloseAsync(storages[0]);
        await CloseAsync(storages[1]);
    }

    [SkippableFact]
    public async Task Of_many_first_writers_exactly_one_succeeds()
    {
        var storages = new[] { await OpenAsync(), await OpenAsync() };
        for (var round = 0; round < 10; round++)
        {
            await RaceAsync(storages, GrainId.Create("aggregator", $"{round}"), etag: null);
        }

        await CloseAsync(storages[0]);
        await CloseAsync(storages[1]);
    }

    [SkippableFact]
    public async Task A_cleared_state_is_gone_and_can_be_written_again()
    {
        var storage = await OpenAsync();
        var state = await WriteAsync(storage, 1);

        await storage.ClearStateAsync("state", Grain, state);

        var read = await ReadAsync(storage);
        Assert.Equal((false, 0), (state.RecordExists, state.State.Position));
        Assert.Equal((false, 0), (read.RecordExists, read.State.Position));
        Assert.Equal(read.ETag, state.ETag);
        state.State.Position = 2;
        await storage.WriteStateAsync("state", Grain, state);
        Assert.Equal(2, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_clear_with_a_stale_etag_is_a_conflict_and_removes_nothing()
    {
        var storage = await OpenAsync();
        var first = await WriteAsync(storage, 1);
        var stale = await ReadAsync(storage);
        first.State.Position = 2;
        await storage.WriteStateAsync("state", Grain, first);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", Grain, stale));

        Assert.Equal(2, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_clear_without_an_etag_where_a_record_exists_is_a_conflict_and_removes_nothing()
    {
        var storage = await OpenAsync();
        await WriteAsync(storage, 1);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", Grain, new SnapshotState()));

        Assert.Equal(1, (await ReadAsync(storage)).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task Clearing_what_is_not_there_does_nothing()
    {
        var storage = await OpenAsync();
        var state = await ReadAsync(storage);

        await storage.ClearStateAsync("state", Grain, state);

        Assert.False(state.RecordExists);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task States_of_other_names_and_grains_are_apart()
    {
        var storage = await OpenAsync();
        await WriteAsync(storage, 1);
        await WriteAsync(storage, 2, stateName: "other");
        var otherGrain = GrainId.Create("aggregator", "cpu");

        await storage.WriteStateAsync("state", otherGrain, new SnapshotState(new Snapshot { Position = 3 }));

        Assert.Equal(1, (await ReadAsync(storage)).State.Position);
        Assert.Equal(2, (await ReadAsync(storage, "other")).State.Position);
        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task Every_grain_key_has_a_state_of_its_own()
    {
        string[] keys =
        [
            "a", "A", "a b", "a+b", "a%20b", "a/b", "a//b", "/a/b", "a/b/", "a%2Fb", "a\\b", "a/./b", "a/../a/b", "..", ".", "./b", "a.", "a./b", "a/.../b",
            "a?b", "a#b", "a&b=c", "a:b", "a*b", "a\"b", "a'b", "<a>", "a\nb", "a\tb", "a\0b", "a\u0085b", "é", "e\u0301", "\U0001F4C8", "a\uFFFEb", "%", "%%", "_", "~",
            "a.json", "a.json/b", new string('k', 1_000), new string('k', 3_000), $"{new string('k', 2_999)}x", string.Join('/', Enumerable.Repeat("s", 300)),
        ];
        var storage = await OpenAsync();
        for (var i = 0; i < keys.Length; i++)
        {
            await storage.WriteStateAsync("state", GrainId.Create("aggregator", keys[i]), new SnapshotState(new Snapshot { Position = i + 1 }));
        }

        for (var i = 0; i < keys.Length; i++)
        {
            var read = new SnapshotState();
            await storage.ReadStateAsync("state", GrainId.Create("aggregator", keys[i]), read);
            Assert.True(read.State.Position == i + 1, $"Key '{keys[i]}' read the state of key {read.State.Position}.");
        }

        await CloseAsync(storage);
    }

    [SkippableFact]
    public async Task A_state_of_ten_megabytes_comes_back_as_it_was()
    {
        var storage = await OpenAsync();
        var bytes = new byte[10_000_000];
        new Random(1).NextBytes(bytes);
        await WriteAsync(storage, 1, bytes);

        Assert.True((await ReadAsync(storage)).State.Bytes.AsSpan().SequenceEqual(bytes), "The bytes differ.");
        await CloseAsync(storage);
    }

    protected static async Task<SnapshotState> ReadAsync(IGrainStorage storage, string stateName = "state")
    {
        var state = new SnapshotState(new Snapshot());
        await storage.ReadStateAsync(stateName, Grain, state);
        return state;
    }

    protected static async Task<SnapshotState> WriteAsync(IGrainStorage storage, long position, byte[]? bytes = null, string stateName = "state")
    {
        var state = new SnapshotState(new Snapshot { Position = position, Bytes = bytes });
        await storage.WriteStateAsync(stateName, Grain, state);
        return state;
    }

    private static async Task RaceAsync(IGrainStorage[] storages, GrainId grain, string? etag)
    {
        var results = await Task.WhenAll(Enumerable.Range(1, 8).Select(writer => Task.Run(async () =>
        {
            var mine = new SnapshotState(new Snapshot { Position = writer }, etag, etag is not null);
            try
            {
                await storages[writer % 2].WriteStateAsync("state", grain, mine);
                return mine;
            }
            catch (InconsistentStateException)
            {
                return null;
            }
        })));

        var winner = Assert.Single(results, result => result is not null);
        var now = new SnapshotState();
        await storages[1].ReadStateAsync("state", grain, now);
        Assert.Equal((winner!.State.Position, winner.ETag), (now.State.Position, now.ETag));
    }
}
