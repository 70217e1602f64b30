using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;

namespace OrleansMetrics.Streams.Tests.PointLog;

/// <summary>Logs that were not closed, and files that were damaged: a copy of the files of an open log is what a power failure leaves.</summary>
public sealed class SqlitePointLogDamageTests : IDisposable
{
    private const int Partitions = 3;
    private const int PageBytes = 16 * 1024;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_log_that_was_not_closed_goes_on_after_a_gap_in_every_partition()
    {
        var file = _directory.File("a.db");
        await using var killed = Open(file);
        await killed.AppendAsync([Append(0, 100), Append(0, 100), Append(1, 50)], default);

        await using (var log = Open(CopyOf(file)))
        {
            var records = await log.ReadAsync(0, 0, 1 << 20, default);
            Assert.Equal([1, 2, 2 + LogGap.Distance], records.Select(record => record.Position));
            Assert.True(LogGap.TryParse(records[2].Payload.Span, out var lastBefore));
            Assert.Equal(2, lastBefore);
            Assert.Equal((records[1].PointsThrough, records[1].IngestedAt), (records[2].PointsThrough, Math.Min(records[1].IngestedAt, records[2].IngestedAt)));
            Assert.Equal(1 + LogGap.Distance, (await log.GetHeadAsync(1, default)).Position);

            // Its first records may be what was lost.
            Assert.Equal(LogGap.Distance, (await log.GetHeadAsync(2, default)).Position);

            var next = Append(0, 10);
            await log.AppendAsync([next], default);
            Assert.Equal(3 + LogGap.Distance, next.Position);
            Assert.Equal([next.Position], (await log.ReadAsync(0, 2 + LogGap.Distance, 1 << 20, default)).Select(record => record.Position));
            await log.TrimAsync(0, 2 + LogGap.Distance, default);
            Assert.Equal([next.Position], (await log.ReadAsync(0, 0, 1 << 20, default)).Select(record => record.Position));
        }

        await using var closed = Open(_directory.File("copy.db"));
        Assert.Equal(3 + LogGap.Distance, (await closed.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task A_gap_is_appended_to_a_partition_at_its_byte_bound()
    {
        var file = _directory.File("a.db");
        var options = new PointLogOptions { MaxBytesPerPartition = 1024 };
        await using var killed = Open(file, options);
        await killed.AppendAsync([Append(0, 1024)], default);

        await using var log = Open(CopyOf(file), options);

        Assert.Equal(1 + LogGap.Distance, (await log.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task A_waiting_reader_is_told_of_a_record_after_a_gap()
    {
        var file = _directory.File("a.db");
        await using var killed = Open(file);
        await killed.AppendAsync([Append(0, 100)], default);

        await using var log = Open(CopyOf(file));

        await log.WaitAsync(0, 1, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_log_counts_as_closed_only_when_its_last_process_has_closed_it()
    {
        var file = _directory.File("a.db");
        var first = Open(file);
        var second = Open(file);
        await first.AppendAsync([Append(0, 10)], default);
        await second.AppendAsync([Append(0, 10)], default);
        await first.DisposeAsync();

        // What a kill of the second would leave.
        await using (var killed = Open(CopyOf(file)))
        {
            Assert.Equal(2 + LogGap.Distance, (await killed.GetHeadAsync(0, default)).Position);
        }

        // One that comes while another is there has nothing to recover.
        await using (var third = Open(file))
        {
            Assert.Equal(2, (await third.GetHeadAsync(0, default)).Position);
        }

        await second.DisposeAsync();
        await using var again = Open(file);
        Assert.Equal(2, (await again.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task A_log_without_its_write_ahead_log_still_counts_as_not_closed()
    {
        var file = _directory.File("a.db");
        await using var killed = Open(file);
        var lost = Append(0, 100);
        await killed.AppendAsync([lost], default);
        var copy = CopyOf(file);
        File.Delete(copy + "-wal");

        await using var log = Open(copy);
        var next = Append(0, 100);
        await log.AppendAsync([next], default);

        Assert.True(next.Position > LogGap.Distance, $"{next.Position}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_write_ahead_log_damaged_anywhere_leaves_whole_calls_from_the_first_on(int seed)
    {
        var random = new Random(seed);
        var file = _directory.File("a.db");
        await using var killed = Open(file);
        var calls = new List<LogAppend[]>();
        for (var i = 0; i < 40; i++)
        {
            LogAppend[] call = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Append(random.Next(2), random.Next(20, 40_000)))];
            await killed.AppendAsync(call, default);
            calls.Add(call);
        }

        var wal = new FileInfo(file + "-wal").Length;
        var kept = new HashSet<int>();
        for (var round = 0; round < 20; round++)
        {
            var copy = CopyOf(file, $"{round}.db");
            var offset = round == 0 ? random.Next(32) : random.NextInt64(wal);
            Damage(copy + "-wal", offset, truncate: round % 3 == 2, random);

            await using var log = Open(copy);

            var read = new[] { await ReadAllAsync(log, 0), await ReadAllAsync(log, 1) };
            var whole = calls.TakeWhile(call => call.All(append => read[append.Partition].Any(record => record.Position == append.Position))).ToList();
            kept.Add(whole.Count);
            for (var partition = 0; partition < 2; partition++)
            {
                var appends = whole.SelectMany(call => call).Where(append => append.Partition == partition).ToList();
                Assert.Equal(appends.Select(append => append.Position).Append(appends.Count + LogGap.Distance), read[partition].Select(record => record.Position));
                Assert.Equal(
                    appends.Select(append => append.Payload.ToArray()).Append(LogGap.Create(appends.Count)),
                    read[partition].Select(record => record.Payload.ToArray()));
                var next = Append(partition, 10);
                await log.AppendAsync([next], default);
                Assert.Equal((AppendStatus.Appended, appends.Count + LogGap.Distance + 1), (next.Status, next.Position));
            }
        }

        Assert.True(kept.Count > 8 && kept.Max() > 20 && kept.Min() < 10, $"The damage hit too little: {string.Join(", ", kept)} calls kept.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_file_damaged_anywhere_is_repaired_or_refused_and_never_brings_a_wrong_batch(int seed)
    {
        var random = new Random(seed);
        var file = _directory.File("a.db");
        var killed = Open(file, new PointLogOptions { CheckpointBytes = 1 << 20 });
        var appends = new List<LogAppend>();
        for (var i = 0; i < 150; i++)
        {
            var append = new LogAppend(random.Next(2), Append(0, i % 5 == 0 ? 40_000 : 700).Payload, 1) { Keys = [RequestKey.Of("p"u8, i)] };
            await killed.AppendAsync([append], default);
            appends.Add(append);
        }

        await killed.DisposeAsync();
        MarkNotClosed(file);
        var size = new FileInfo(file).Length;
        int repaired = 0, refused = 0, unharmed = 0, records = 0;
        for (var round = 0; round < 30; round++)
        {
            var copy = CopyOf(file, $"{round}.db");
            for (var hits = round % 10 == 9 ? 1 : 4; hits > 0; hits--)
            {
                // Not the first page, which has the header; and mostly where pages have their structure.
                var page = random.NextInt64(1, size / PageBytes);
                Damage(copy, (page * PageBytes) + random.Next(hits > 1 ? 60 : PageBytes), truncate: round % 10 == 9, random);
            }

            var logger = new ListLogger();
            SqlitePointLog log;
            try
            {
                log = Open(copy, logger: logger);
            }
            catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
            {
                Assert.Contains(copy, exception.Message, StringComparison.Ordinal);
                refused++;
                continue;
            }

            await using (log)
            {
                var wasRepaired = Directory.GetFiles(_directory.Path, $"{round}.db.damaged-*").Length > 0;
                repaired += wasRepaired ? 1 : 0;
                unharmed += wasRepaired ? 0 : 1;
                Assert.Equal(wasRepaired, logger.At(LogLevel.Error).Any(message => message.StartsWith("Repaired", StringComparison.Ordinal)));
                for (var partition = 0; partition < 2; partition++)
                {
                    var read = await ReadAllAsync(log, partition);
                    Assert.Equal(read.Select(record => record.Position).Order(), read.Select(record => record.Position));
                    Assert.True(LogGap.TryParse(read[^1].Payload.Span, out _));
                    var byPosition = appends.Where(append => append.Partition == partition).ToDictionary(append => append.Position);
                    foreach (var record in read.SkipLast(1))
                    {
                        // SQLite has no checksums: what it reads may be wrong, and the batch's own shows it.
                        records++;
                        Assert.True(!IsIntact(record.Payload.Span) || byPosition[record.Position].Payload.Span.SequenceEqual(record.Payload.Span));
                    }

                    var next = Append(partition, 100);
                    await log.AppendAsync([next], default);
                    Assert.Equal(AppendStatus.Appended, next.Status);
                    Assert.True(next.Position > LogGap.Distance);
                }
            }
        }

        Assert.True(repaired > 10 && records > 1000, $"repaired {repaired}, refused {refused}, unharmed {unharmed}, records read {records}");
    }

    [Fact]
    public async Task A_repaired_log_keeps_positions_sums_requests_and_what_was_trimmed_or_set_aside()
    {
        var file = _directory.File("a.db");
        LogHead head;
        await using (var log = Open(file))
        {
            for (var i = 0; i < 60; i++)
            {
                await log.AppendAsync([new LogAppend(0, Append(0, 5_000).Payload, 10) { Keys = [RequestKey.Of("p"u8, i)] }], default);
            }

            await log.TrimAsync(0, 5, default);
            await log.SetAsideAsync(1, new LogRecord(7, 8, 9, new byte[] { 1 }), "checksum", default);
            head = await log.GetHeadAsync(0, default);
        }

        MarkNotClosed(file);
        DamageLeaf(file, "records_0", 2);
        var logger = new ListLogger();

        await using var repaired = Open(file, logger: logger);

        var records = await ReadAllAsync(repaired, 0);
        Assert.Equal(records[^2].Position, head.Position);
        Assert.Equal(head.PointsThrough, records[^2].PointsThrough);
        Assert.Equal(6, records[0].Position);
        Assert.All(records.SkipLast(1), record => Assert.Equal((record.Position * 10, true), (record.PointsThrough, IsIntact(record.Payload.Span))));
        var missing = Enumerable.Range(6, 55).Select(position => (long)position).Except(records.Select(record => record.Position)).ToArray();
        Assert.InRange(missing.Length, 1, 5);
        Assert.Equal(missing.Length, missing[^1] - missing[0] + 1);
        Assert.Contains(logger.At(LogLevel.Error), message => message.Contains($"positions {missing[0]} to {missing[^1]} of partition 0", StringComparison.Ordinal));
        Assert.Equal(5, (await repaired.GetHeadAsync(0, default)).TrimmedTo);

        // Nothing that was ever given out, even if the newest records are what was lost.
        Assert.Equal(2 * LogGap.Distance, records[^1].Position);
        var again = new LogAppend(0, Append(0, 10).Payload, 1) { Keys = [RequestKey.Of("p"u8, 0L)] };
        await repaired.AppendAsync([again], default);
        Assert.Equal(AppendStatus.Repeated, again.Status);
        using var connection = Connect(file);
        Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM set_aside WHERE position = 7 AND reason = 'checksum'"));
        Assert.Equal("ok", Scalar(connection, "PRAGMA quick_check"));
        Assert.Single(Directory.GetFiles(_directory.Path, "a.db.damaged-*"));
        Assert.False(File.Exists(file + ".salvage"));
    }

    [Fact]
    public async Task A_reader_of_a_log_that_is_damaged_while_open_gets_the_records_after_the_damage_and_the_next_start_repairs_it()
    {
        var file = _directory.File("a.db");
        await using (var log = Open(file))
        {
            await log.AppendAsync([.. Enumerable.Range(0, 100).Select(_ => Append(0, 5_000))], default);
        }

        DamageLeaf(file, "records_0", 5);
        var logger = new ListLogger();
        await using (var log = Open(file, logger: logger))
        {
            var positions = (await ReadAllAsync(log, 0)).Select(record => record.Position).ToArray();
            var missing = Enumerable.Range(1, 100).Select(position => (long)position).Except(positions).ToArray();
            Assert.InRange(missing.Length, 1, 5);
            Assert.Equal(positions.Order(), positions);
            Assert.Equal(100, positions[^1]);
            Assert.Equal(positions, (await ReadAllAsync(log, 0)).Select(record => record.Position));
            var said = Assert.Single(logger.At(LogLevel.Error));
            Assert.Contains($"positions {missing[0]} to {missing[^1]} of partition 0", said, StringComparison.Ordinal);
        }

        await using var next = Open(file);
        Assert.Single(Directory.GetFiles(_directory.Path, "a.db.damaged-*"));
        Assert.Equal(2 * LogGap.Distance, (await next.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task A_record_of_which_only_the_payload_is_damaged_is_left_out_alone()
    {
        var file = _directory.File("a.db");
        await using (var log = Open(file))
        {
            await log.AppendAsync([.. Enumerable.Range(0, 20).Select(_ => Append(0, 100_000))], default);
        }

        CutOverflow(file, "records_0", 1);
        await using var damaged = Open(file);

        var positions = (await ReadAllAsync(damaged, 0)).Select(record => record.Position).ToArray();

        Assert.Equal(19, positions.Length);
        Assert.Equal(20, positions[^1]);
    }

    [Fact]
    public async Task A_disk_that_is_full_refuses_appends_as_full_and_takes_them_again_when_it_has_room()
    {
        var file = _directory.File("a.db");
        var logger = new ListLogger();
        var pages = 30L;
        await using var log = SqlitePointLog.Open(
            file,
            Partitions,
            new PointLogOptions(),
            TimeProvider.System,
            logger,
            isShared: true,
            connection => Execute(connection, FormattableString.Invariant($"PRAGMA max_page_count={pages}")));
        var taken = 0;
        LogAppend append;
        do
        {
            append = Keyed(taken++);
            await log.AppendAsync([append], default);
        }
        while (append.Status == AppendStatus.Appended && taken < 100);

        // The first still has room in a page: its request is taken in before the second fails, and has to be forgotten again.
        LogAppend[] refused = [new LogAppend(2, Append(2, 100).Payload, 1) { Keys = [RequestKey.Of("p"u8, 1000L)] }, Append(1, 100_000)];
        await log.AppendAsync(refused, default);

        Assert.Equal(AppendStatus.Full, append.Status);
        Assert.InRange(taken, 2, 30);
        Assert.All(refused, one => Assert.Equal((AppendStatus.Full, null), (one.Status, one.Error)));
        Assert.Equal(taken - 1, (await log.GetHeadAsync(0, default)).Position);
        Assert.Single(logger.At(LogLevel.Error));
        await log.TrimAsync(0, taken - 1, default);
        await log.AppendAsync([append], default);
        Assert.Equal((AppendStatus.Appended, taken), (append.Status, append.Position));
        await log.AppendAsync([refused[0]], default);
        Assert.Equal((AppendStatus.Appended, 1L), (refused[0].Status, refused[0].Position));
        Assert.Single(logger.At(LogLevel.Error));
        Assert.Contains(logger.At(LogLevel.Information), message => message.Contains("has room again", StringComparison.Ordinal));

        static LogAppend Keyed(int i) => new(0, Append(0, 20_000).Payload, 1) { Keys = [RequestKey.Of("p"u8, i)] };
    }

    private static SqlitePointLog Open(string file, PointLogOptions? options = null, ILogger? logger = null) =>
        SqlitePointLog.Open(file, Partitions, options ?? new PointLogOptions { TailBytesPerPartition = 0 }, TimeProvider.System, logger ?? NullLogger.Instance);

    /// <summary>Random bytes that end with their checksum.</summary>
    private static LogAppend Append(int partition, int bytes)
    {
        var payload = new byte[bytes];
        Random.Shared.NextBytes(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(bytes - 4), Crc32.HashToUInt32(payload.AsSpan(0, bytes - 4)));
        return new LogAppend(partition, payload, 1);
    }

    private static bool IsIntact(ReadOnlySpan<byte> payload) =>
        payload.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(payload[^4..]) == Crc32.HashToUInt32(payload[..^4]);

    private static async Task<List<LogRecord>> ReadAllAsync(SqlitePointLog log, int partition)
    {
        var all = new List<LogRecord>();
        while (await log.ReadAsync(partition, all.Count == 0 ? 0 : all[^1].Position, 60_000, default) is { Count: > 0 } records)
        {
            all.AddRange(records);
            Assert.True(all.Count < 10_000, "Reading does not end.");
        }

        return all;
    }

    /// <summary>The files of an open log as they are now, as a log that was not closed.</summary>
    private string CopyOf(string file, string name = "copy.db")
    {
        var copy = _directory.File(name);
        File.Copy(file, copy);
        if (File.Exists(file + "-wal"))
        {
            File.Copy(file + "-wal", copy + "-wal");
        }

        return copy;
    }

    private static void Damage(string file, long offset, bool truncate, Random random)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        if (truncate)
        {
            stream.SetLength(offset);
            return;
        }

        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ (1 << random.Next(8))));
    }

    private static void MarkNotClosed(string file)
    {
        using var connection = Connect(file);
        Execute(connection, "UPDATE meta SET value = 1 WHERE key = 'state'");
    }

    /// <summary>Overwrites the n-th leaf page of a table of some hundred KB.</summary>
    private static void DamageLeaf(string file, string table, int index)
    {
        var page = Leaf(file, table, index);
        Write(file, (page - 1) * PageBytes, [.. Enumerable.Repeat((byte)0xEE, PageBytes)]);
    }

    /// <summary>Ends the chain of pages that hold the payload of the first record of a leaf early.</summary>
    private static void CutOverflow(string file, string table, int index)
    {
        // https://www.sqlite.org/fileformat2.html#b_tree_pages: payload size, row id, the part of the payload that is kept here, next page.
        var page = Read(file, (Leaf(file, table, index) - 1) * PageBytes, PageBytes);
        var cell = page.AsSpan(BinaryPrimitives.ReadUInt16BigEndian(page.AsSpan(8)));
        long size = 0;
        var at = 0;
        do
        {
            size = (size << 7) | (uint)(cell[at] & 0x7F);
        }
        while (cell[at++] >= 0x80);
        while (cell[at++] >= 0x80)
        {
        }

        const int least = ((PageBytes - 12) * 32 / 255) - 23;
        var kept = least + ((size - least) % (PageBytes - 4));
        var next = BinaryPrimitives.ReadUInt32BigEndian(cell[(at + (int)(kept <= PageBytes - 35 ? kept : least))..]);
        Write(file, (next - 1) * PageBytes, new byte[4]);
    }

    private static uint Leaf(string file, string table, int index)
    {
        long root;
        using (var connection = Connect(file))
        {
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            root = (long)Scalar(connection, $"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'")!;
        }

        var page = Read(file, (root - 1) * PageBytes, PageBytes);
        Assert.Equal(5, page[0]);
        return BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(BinaryPrimitives.ReadUInt16BigEndian(page.AsSpan(12 + (2 * index)))));
    }

    private static byte[] Read(string file, long offset, int length)
    {
        using var stream = File.OpenRead(file);
        stream.Position = offset;
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static void Write(string file, long offset, byte[] bytes)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        stream.Write(bytes);
    }

    private static SqliteConnection Connect(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        return connection;
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Execute(SqliteConnection connection, string sql) => Scalar(connection, sql);
}
