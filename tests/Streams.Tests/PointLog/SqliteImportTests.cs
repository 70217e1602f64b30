using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Segments;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Streams.Tests.PointLog;

public sealed class SqliteImportTests : IDisposable
{
    private const int Partitions = 3;
    private readonly TemporaryDirectory _directory = new();
    private readonly PointLogOptions _options = new() { SegmentBytes = 16 * 1024, TailBytesPerPartition = 0 };

    private string Database => _directory.File("log.db");

    private string Log => _directory.File("log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_sqlite_log_goes_on_as_segments_with_positions_sums_requests_and_what_was_trimmed_or_set_aside()
    {
        LogHead[] heads;
        IReadOnlyList<LogRecord> records;
        await using (var old = OpenOld())
        {
            await FillAsync(old);
            heads = await HeadsAsync(old);
            records = await old.ReadAsync(0, 0, 1 << 20, default);
        }

        Import();

        Assert.False(File.Exists(Database));
        Assert.True(File.Exists(Database + ".imported"));
        await using (var log = Open())
        {
            Assert.Equal(heads, await HeadsAsync(log));
            await AssertSameAsync(records, log);
            Assert.Empty(await log.ReadAsync(1, 0, 1 << 20, default));
            await AssertRepeatedAsync(log, 0, 0);
            await AssertRepeatedAsync(log, 1, 1000);
            var next = new LogAppend(1, new byte[10], 1);
            await log.AppendAsync([next], default);
            Assert.Equal(heads[1].Position + 1, next.Position);
        }

        Assert.Equal(["1-00000000000000000007"], Directory.GetFiles(Path.Combine(Log, "aside")).Select(static file => Path.GetFileName(file)));

        // With nothing left to import.
        Import();
        await using var again = Open();
        await AssertSameAsync(records, again);
    }

    [Fact]
    public async Task A_sqlite_log_that_was_not_closed_goes_on_after_a_gap()
    {
        await using var killed = OpenOld(_directory.File("old.db"));
        await FillAsync(killed);
        var head = await killed.GetHeadAsync(0, default);
        File.Copy(_directory.File("old.db"), Database);
        File.Copy(_directory.File("old.db-wal"), Database + "-wal");

        Import();

        await using var log = Open();
        Assert.Equal(head.Position + LogGap.Distance, (await log.GetHeadAsync(0, default)).Position);
        var records = await log.ReadAsync(0, 0, 1 << 20, default);
        Assert.True(LogGap.TryParse(records[^1].Payload.Span, out var lastBefore));
        Assert.Equal((head.Position, head.Position), (lastBefore, records[^2].Position));
    }

    [Fact]
    public async Task An_import_that_was_killed_is_done_again_or_goes_on()
    {
        LogHead[] heads;
        await using (var old = OpenOld())
        {
            await FillAsync(old);
            heads = await HeadsAsync(old);
        }

        // Before the copy was whole.
        Directory.CreateDirectory(Log + ".import");
        await File.WriteAllTextAsync(Path.Combine(Log + ".import", "00000000000000000001.seg"), "half");
        Import();
        await using (var log = Open())
        {
            Assert.Equal(heads, await HeadsAsync(log));
        }

        // After the file had been renamed, and before the copy was.
        Directory.Move(Log, Log + ".import");
        Import();
        await using var again = Open();
        Assert.Equal(heads, await HeadsAsync(again));
    }

    [Fact]
    public async Task Two_logs_in_a_directory_are_refused_with_their_names()
    {
        await OpenOld().DisposeAsync();
        await Open().DisposeAsync();

        var error = Assert.Throws<InvalidOperationException>(Import);

        Assert.Contains(Database, error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Database));
    }

    [Fact]
    public async Task Another_number_of_partitions_is_refused_and_leaves_the_file()
    {
        await OpenOld().DisposeAsync();

        var error = Assert.Throws<InvalidOperationException>(
            () => SqliteImport.Run(Database, Log, 7, _options, TimeProvider.System, NullLogger.Instance));

        Assert.Contains("3 partitions", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Database));
        Assert.False(Directory.Exists(Log));
    }

    private static async Task FillAsync(SqlitePointLog log)
    {
        var random = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            var payload = new byte[random.Next(1, 3000)];
            random.NextBytes(payload);
            await log.AppendAsync(
                [new LogAppend(0, payload, 3) { Keys = [RequestKey.Of("p"u8, (long)i)] }, new LogAppend(1, new byte[5], 1) { Keys = [RequestKey.Of("p"u8, 1000L + i)] }], default);
        }

        await log.TrimAsync(0, 7, default);
        await log.TrimAsync(1, 60, default);
        await log.SetAsideAsync(1, new LogRecord(7, 8, 9, new byte[] { 1 }), "checksum", default);
    }

    private static async Task<LogHead[]> HeadsAsync(IPointLog log)
    {
        var heads = new LogHead[Partitions];
        for (var partition = 0; partition < Partitions; partition++)
        {
            heads[partition] = await log.GetHeadAsync(partition, default);
        }

        return heads;
    }

    private static async Task AssertSameAsync(IReadOnlyList<LogRecord> expected, SegmentPointLog log)
    {
        var read = await log.ReadAsync(0, 0, 1 << 20, default);
        Assert.Equal(expected.Select(static record => record with { Payload = default }), read.Select(static record => record with { Payload = default }));
        Assert.Equal(expected.Select(static record => record.Payload.ToArray()), read.Select(static record => record.Payload.ToArray()));
    }

    private static async Task AssertRepeatedAsync(SegmentPointLog log, int partition, long first)
    {
        RequestKey[] keys = [.. Enumerable.Range(0, 60).Select(i => RequestKey.Of("p"u8, first + i))];
        var repeat = new LogAppend(partition, new byte[5], 1) { Keys = keys };
        await log.AppendAsync([repeat], default);
        Assert.Equal(keys, repeat.Repeated);
    }

    private void Import() => SqliteImport.Run(Database, Log, Partitions, _options, TimeProvider.System, NullLogger.Instance);

    private SqlitePointLog OpenOld(string? file = null) =>
        SqlitePointLog.Open(file ?? Database, Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);

    private SegmentPointLog Open() => SegmentPointLog.Open(Log, Partitions, _options, TimeProvider.System, NullLogger.Instance);
}
