using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.Contract;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Streams.Tests.PointLog;

public sealed class SqlitePointLogTests : SharedPointLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string File => _directory.File("points.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Appends_that_wait_at_the_same_time_share_a_commit()
    {
        await using var log = Open();
        LogAppend[] appends = [];

        // The lock of another process holds the commit thread up until all calls wait.
        using (var other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            var first = log.AppendAsync([Append(0, 10)], default).AsTask();
            appends = Enumerable.Range(0, 100).Select(i => Append(i % Partitions, 100)).ToArray();
            var calls = appends.Select(append => log.AppendAsync([append], default).AsTask()).ToArray();
            Execute(other, "ROLLBACK");
            await first;
            await Task.WhenAll(calls);
        }

        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        Assert.InRange(log.Statistics.Commits, 1, 2);
        Assert.Equal(101, log.Statistics.RecordsAppended);
    }

    [Fact]
    public async Task Appends_beyond_the_bytes_that_may_wait_are_refused_as_full()
    {
        await using var log = Open(new PointLogOptions { MaxQueuedBytes = 1024 });
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");
        var waiting = Append(0, 1000);
        var call = log.AppendAsync([waiting], default).AsTask();
        var beyond = Append(0, 100);

        await log.AppendAsync([beyond], default);

        Assert.Equal(AppendStatus.Full, beyond.Status);
        Execute(other, "ROLLBACK");
        await call;
        Assert.Equal(AppendStatus.Appended, waiting.Status);
        await log.AppendAsync([beyond], default);
        Assert.Equal(AppendStatus.Appended, beyond.Status);
    }

    [Fact]
    public async Task A_store_that_fails_fails_the_append_and_serves_the_next()
    {
        await using var log = Open(new PointLogOptions { BusyTimeout = TimeSpan.Zero });
        var failed = Append(0, 10);
        using (var other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            await log.AppendAsync([failed], default);
            Execute(other, "ROLLBACK");
        }

        Assert.Equal(AppendStatus.Failed, failed.Status);
        Assert.IsType<SqliteException>(failed.Error);
        Assert.Equal(1, log.Statistics.StoreErrors);
        var next = Append(0, 10);
        await log.AppendAsync([next], default);
        Assert.Equal((AppendStatus.Appended, 1L), (next.Status, next.Position));
    }

    [Fact]
    public async Task Records_of_this_process_are_not_read_back()
    {
        await using var log = Open();
        await log.AppendAsync([Append(0, 100), Append(0, 100)], default);

        await log.ReadAsync(0, 0, 1000, default);

        Assert.Equal((2L, 0L), (log.Statistics.RecordsFromTail, log.Statistics.RecordsFromStore));
    }

    [Fact]
    public async Task The_tail_keeps_to_its_bytes()
    {
        await using var log = Open(new PointLogOptions { TailBytesPerPartition = 250 });
        await log.AppendAsync([Append(0, 100), Append(0, 100), Append(0, 100)], default);

        Assert.Equal(3, (await log.ReadAsync(0, 0, 1000, default)).Count);
        Assert.Equal(3, log.Statistics.RecordsFromStore);
        Assert.Equal(2, (await log.ReadAsync(0, 1, 1000, default)).Count);
        Assert.Equal(2, log.Statistics.RecordsFromTail);
    }

    [Fact]
    public async Task A_record_set_aside_is_kept_with_bytes_and_reason()
    {
        var payload = new byte[] { 1, 2, 3 };
        await using (var log = Open())
        {
            await log.SetAsideAsync(2, new LogRecord(7, 8, 9, payload), "checksum", default);
            await log.SetAsideAsync(2, new LogRecord(7, 8, 9, payload), "again", default);
        }

        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT partition, position, reason, payload, set_aside_at FROM set_aside";
        using var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal((2, 7, "checksum"), (reader.GetInt32(0), reader.GetInt32(1), reader.GetString(2)));
        Assert.Equal(payload, reader.GetFieldValue<byte[]>(3));
        Assert.True(reader.GetInt64(4) > 0);
        Assert.False(reader.Read());
    }

    [Fact]
    public async Task The_write_ahead_log_is_empty_after_disposal()
    {
        await using (var log = Open())
        {
            await log.AppendAsync([Append(0, 100_000)], default);
        }

        var wal = new FileInfo(File + "-wal");
        Assert.True(!wal.Exists || wal.Length == 0);
    }

    [Fact]
    public async Task A_schema_of_another_version_is_refused_with_both_versions()
    {
        await Open().DisposeAsync();
        using (var connection = Connect())
        {
            Execute(connection, "UPDATE meta SET value = 99 WHERE key = 'schema_version'");
        }

        var error = Assert.Throws<InvalidOperationException>(() => Open());

        Assert.Contains("schema version 99", error.Message, StringComparison.Ordinal);
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused_with_its_path()
    {
        System.IO.File.WriteAllBytes(File, Enumerable.Repeat((byte)7, 5000).ToArray());

        var error = Assert.Throws<InvalidDataException>(() => Open());

        Assert.Contains(File, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_is_not_shared_knows_what_is_there_and_what_it_appends()
    {
        await using (var before = Open())
        {
            await before.AppendAsync([new LogAppend(1, new byte[] { 1 }, points: 1)], CancellationToken.None);
        }

        await using var log = SqlitePointLog.Open(File, Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance, isShared: false);
        Assert.True(log.WaitAsync(1, after: 0, CancellationToken.None).AsTask().IsCompletedSuccessfully);
        var next = log.WaitAsync(1, after: 1, CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);
        await log.AppendAsync([new LogAppend(1, new byte[] { 2 }, points: 1)], CancellationToken.None);

        await next.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void All_options_out_of_range_are_reported_at_once()
    {
        var options = new PointLogOptions { MaxBytesPerPartition = 0, TailBytesPerPartition = -1, PollInterval = TimeSpan.Zero };

        var error = Assert.Throws<OptionsValidationException>(() => Open(options));

        Assert.Equal(3, error.Failures.Count());
    }

    protected override Task<IPointLog> OpenAsync(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        Task.FromResult<IPointLog>(Open(options, time, partitions));

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqlitePointLog Open(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        SqlitePointLog.Open(File, partitions, options ?? new PointLogOptions(), time ?? TimeProvider.System, NullLogger.Instance);

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=false");
        connection.Open();
        return connection;
    }
}
