using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Segments;

namespace OrleansMetrics.Streams.Tests.PointLog;

/// <summary>Logs that were not closed, and files that were damaged: a copy of the files of an open log is what a kill leaves.</summary>
public sealed class SegmentPointLogDamageTests : IDisposable
{
    private const int Partitions = 3;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_log_that_was_not_closed_goes_on_after_a_gap_in_every_partition()
    {
        await using var killed = Open("a");
        await killed.AppendAsync([Append(0, 100), Append(0, 100), Append(1, 50)], default);

        await using (var log = Open(CopyOf("a")))
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

        await using var closed = Open("copy");
        Assert.Equal(3 + LogGap.Distance, (await closed.GetHeadAsync(0, default)).Position);
        Assert.Equal([3 + LogGap.Distance], (await closed.ReadAsync(0, 0, 1 << 20, default)).Select(record => record.Position));
    }

    [Fact]
    public async Task A_gap_is_appended_to_a_partition_at_its_byte_bound()
    {
        var options = new PointLogOptions { MaxBytesPerPartition = 1024 };
        await using var killed = Open("a", options);
        await killed.AppendAsync([Append(0, 1024)], default);

        await using var log = Open(CopyOf("a"), options);

        Assert.Equal(1 + LogGap.Distance, (await log.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task A_waiting_reader_is_told_of_a_record_after_a_gap()
    {
        await using var killed = Open("a");
        await killed.AppendAsync([Append(0, 100)], default);

        await using var log = Open(CopyOf("a"));

        await log.WaitAsync(0, 1, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_write_cut_off_at_any_byte_leaves_whole_calls_and_nothing_of_the_last()
    {
        LogAppend[][] calls =
        [
            [Append(0, 30), Append(1, 20)],
            [new LogAppend(0, Append(0, 40).Payload, 1) { Keys = [RequestKey.Of("p"u8, 1L)] }, Append(2, 1500)],
            [Append(1, 25), new LogAppend(2, Append(2, 33).Payload, 1) { Keys = [RequestKey.Of("p"u8, 2L)] }],
        ];
        var ends = new List<long>();
        await using var killed = Open("a");
        foreach (var call in calls)
        {
            ends.Add(new FileInfo(NewestSegment("a")).Length);
            await killed.AppendAsync(call, default);
        }

        ends.Add(new FileInfo(NewestSegment("a")).Length);
        var newest = Path.GetFileName(NewestSegment("a"));
        var seen = new HashSet<int>();
        var secret = LogState.Read(_directory.File("a/state"))!.Secret;
        var files = new LogFiles(CopyOf("a"));
        for (var length = ends[^1]; length >= ends[0]; length--)
        {
            using var segment = Segment.Open(files, 1, secret);
            RandomAccess.SetLength(segment.Handle, length);

            var scan = SegmentScan.Run(segment, Partitions, mayEndTorn: true);

            var whole = calls.Take(ends.Count(end => end <= length) - 1).SelectMany(static call => call).ToList();
            Assert.Equal(ends.Last(end => end <= length), scan.End);
            Assert.False(scan.IsDamaged);
            Assert.Equal(whole.Select(static append => (append.Partition, append.Position)), scan.Contents.Entries.Select(static entry => (entry.Partition, entry.Position)));
            Assert.Equal(whole.Count(static append => append.Keys.Count > 0), scan.Contents.Requests.Count);
            seen.Add(whole.Count);
        }

        Assert.Equal([0, 2, 4, 6], seen.Order());
        for (var round = 0; round < 12; round++)
        {
            var name = $"cut{round}";
            CopyOf("a", name);
            var length = ends[0] + ((ends[^1] - ends[0]) * round / 12);
            Cut(Path.Combine(_directory.File(name), newest), length);
            await using var log = Open(name);
            var whole = calls.Take(ends.Count(end => end <= length) - 1).SelectMany(static call => call).ToList();
            for (var partition = 0; partition < Partitions; partition++)
            {
                var read = await ReadAllAsync(log, partition);
                var expected = whole.Where(append => append.Partition == partition).ToList();
                Assert.Equal(expected.Select(static append => append.Payload.ToArray()).Append(LogGap.Create(expected.Count)), read.Select(static record => record.Payload.ToArray()));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_log_damaged_anywhere_opens_and_never_brings_a_wrong_batch_and_keeps_what_was_not_hit(int seed)
    {
        var random = new Random(seed);
        var options = new PointLogOptions { SegmentBytes = 32 * 1024, TailBytesPerPartition = 0 };
        var killed = Open("a", options);
        var appends = new List<LogAppend>();
        for (var i = 0; i < 150; i++)
        {
            LogAppend[] call = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Append(random.Next(2), random.Next(10, 3000)))];
            await killed.AppendAsync(call, default);
            appends.AddRange(call);
        }

        CopyOf("a", "killed");
        await killed.DisposeAsync();
        int lost = 0, silent = 0, wrong = 0;
        for (var round = 0; round < 40; round++)
        {
            var name = $"r{round}";
            CopyOf(round % 2 == 0 ? "a" : "killed", name);
            var file = random.GetItems(Directory.GetFiles(_directory.File(name), "*", SearchOption.AllDirectories).Where(static file => new FileInfo(file).Length > 0).ToArray(), 1)[0];
            for (var hits = random.Next(1, 5); hits > 0; hits--)
            {
                Flip(file, random.NextInt64(new FileInfo(file).Length), random);
            }

            var logger = new ListLogger();
            var read = new List<LogRecord>[Partitions];
            await using (var log = Open(name, options, logger))
            {
                for (var partition = 0; partition < Partitions; partition++)
                {
                    read[partition] = await ReadAllAsync(log, partition);
                    var next = Append(partition, 100);
                    await log.AppendAsync([next], default);
                    Assert.Equal(AppendStatus.Appended, next.Status);
                    Assert.True(next.Position > appends.Where(append => append.Partition == partition).Select(static append => append.Position).DefaultIfEmpty().Max());
                }
            }

            var missing = 0;
            foreach (var append in appends)
            {
                var record = read[append.Partition].Find(record => record.Position == append.Position);
                missing += record.Position == 0 ? 1 : 0;
                wrong += record.Position != 0 && !record.Payload.Span.SequenceEqual(append.Payload.Span) ? 1 : 0;
            }

            var said = logger.At(LogLevel.Error).Count + logger.At(LogLevel.Warning).Count(static message => message.Contains("cut off", StringComparison.Ordinal));
            silent += missing > 0 && said == 0 ? 1 : 0;
            lost += missing;

            // A bit takes one record with it, or a commit at the end; never what lies around it.
            Assert.InRange(missing, 0, 12);
            await using var again = Open(name, options);
            for (var partition = 0; partition < Partitions; partition++)
            {
                Assert.True((await ReadAllAsync(again, partition)).Select(static record => record.Position).Intersect(read[partition].Select(static record => record.Position)).Count() == read[partition].Count);
            }
        }

        Assert.Equal((0, 0), (wrong, silent));
        Assert.True(lost > 10, $"The damage hit too little: {lost} records.");
    }

    [Fact]
    public async Task A_damaged_record_is_reported_when_it_is_read_and_left_out_from_the_next_start_on()
    {
        await using (var log = Open("a"))
        {
            await log.AppendAsync([.. Enumerable.Range(0, 10).Select(_ => Append(0, 5_000))], default);
        }

        Flip(NewestSegment("a"), 25_000, new Random(1));
        var logger = new ListLogger();
        await using (var log = Open("a", logger: logger))
        {
            Assert.Empty(logger.At(LogLevel.Error));
            Assert.Equal([1L, 2, 3, 4, 6, 7, 8, 9, 10], (await ReadAllAsync(log, 0)).Select(static record => record.Position));
            Assert.Equal(9, (await ReadAllAsync(log, 0)).Count);
            Assert.Contains("positions 5 to 5 of partition 0", Assert.Single(logger.At(LogLevel.Error)), StringComparison.Ordinal);
            await log.AppendAsync([Append(0, 10)], default);
        }

        logger = new ListLogger();
        await using var next = Open("a", logger: logger);
        Assert.Equal([1L, 2, 3, 4, 6, 7, 8, 9, 10, 11, 2 * LogGap.Distance], (await ReadAllAsync(next, 0)).Select(static record => record.Position));
        Assert.Contains(logger.At(LogLevel.Error), static message => message.Contains("positions 5 to 5 of partition 0 are lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Opening_a_closed_log_does_not_read_its_records()
    {
        await using (var log = Open("a"))
        {
            await log.AppendAsync([Append(0, 100_000)], default);
        }

        var segment = NewestSegment("a");
        var length = new FileInfo(segment).Length;
        File.WriteAllBytes(segment, new byte[length]);
        var logger = new ListLogger();
        await using var again = Open("a", logger: logger);

        Assert.Empty(logger.At(LogLevel.Error));
        Assert.Equal(1, (await again.GetHeadAsync(0, default)).Position);
    }

    [Fact]
    public async Task Positions_are_not_given_out_again_when_the_newest_segments_are_gone()
    {
        await using (var log = Open("a", new PointLogOptions { SegmentBytes = 4096 }))
        {
            for (var i = 0; i < 20; i++)
            {
                await log.AppendAsync([Append(0, 1000)], default);
            }
        }

        foreach (var file in Directory.GetFiles(_directory.File("a"), "*.seg").Order(StringComparer.Ordinal).TakeLast(2))
        {
            File.Delete(file);
            File.Delete(Path.ChangeExtension(file, ".idx"));
        }

        var logger = new ListLogger();
        await using var cut = Open("a", logger: logger);
        var records = await ReadAllAsync(cut, 0);
        Assert.Equal(20 + LogGap.Distance, records[^1].Position);
        var last = records[^2].Position;
        Assert.InRange(last, 5, 18);
        Assert.Contains(logger.At(LogLevel.Error), message => message.Contains($"positions {last + 1} to 20 of partition 0 are lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_without_its_state_is_read_from_its_segments_and_goes_on_beyond_all_positions()
    {
        await using (var log = Open("a"))
        {
            await log.AppendAsync([new LogAppend(0, Append(0, 100).Payload, 1) { Keys = [RequestKey.Of("p"u8, 1L)] }], default);
        }

        File.Delete(_directory.File("a/state"));
        await using var again = Open("a");

        Assert.Equal([1, 2 * LogGap.Distance], (await ReadAllAsync(again, 0)).Select(static record => record.Position));
        var repeat = new LogAppend(0, Append(0, 100).Payload, 1) { Keys = [RequestKey.Of("p"u8, 1L)] };
        await again.AppendAsync([repeat], default);
        Assert.Equal(AppendStatus.Repeated, repeat.Status);
    }

    [Fact]
    public async Task A_log_that_nothing_is_known_of_is_refused()
    {
        Directory.CreateDirectory(_directory.File("a"));
        await File.WriteAllBytesAsync(_directory.File("a/state"), new byte[100]);

        var error = Assert.Throws<InvalidDataException>(() => Open("a"));

        Assert.Contains(_directory.File("a"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_of_a_sender_that_look_like_a_frame_are_not_taken_for_one()
    {
        // A frame of another segment, in a payload; the frame that holds it is damaged, so that what is in it is looked at.
        await using (var log = Open("a"))
        {
            await log.AppendAsync([Append(0, 100)], default);
        }

        var other = await File.ReadAllBytesAsync(NewestSegment("a"));
        await using (var log = Open("b"))
        {
            await log.AppendAsync([new LogAppend(0, other.AsMemory(SegmentHeader.Length), 1), Append(1, 10)], default);
        }

        foreach (var file in Directory.GetFiles(_directory.File("b"), "*.idx"))
        {
            File.Delete(file);
        }

        var segment = NewestSegment("b");
        var bytes = await File.ReadAllBytesAsync(segment);
        var record = SegmentHeader.Length + (int)Frame.LengthOf(Partitions * HeadTable.EntryLength);
        bytes[record] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes);

        await using var again = Open("b");

        Assert.True(LogGap.TryParse((await ReadAllAsync(again, 0))[0].Payload.Span, out _));
        Assert.Equal(2, (await ReadAllAsync(again, 1)).Count);
    }

    [SkippableTheory]
    [InlineData(LogSync.Normal)]
    [InlineData(LogSync.Full)]
    public async Task A_disk_that_is_full_refuses_appends_as_full_and_takes_them_again_when_it_has_room(LogSync sync)
    {
        using var volume = new SmallVolume(kibibytes: 512);
        Skip.IfNot(volume.IsMounted, "No tmpfs can be mounted here.");
        var logger = new ListLogger();
        var options = new PointLogOptions { SegmentBytes = 64 * 1024, TailBytesPerPartition = 0, Sync = sync };
        var path = Path.Combine(volume.Path, "log");
        var acknowledged = new List<byte[]>();
        var log = SegmentPointLog.Open(path, Partitions, options, TimeProvider.System, logger);
        for (var round = 0; round < 3; round++)
        {
            volume.Fill();
            for (var refused = 0; refused < 5;)
            {
                // One that fits into what is left of a page and one that does not: neither is there, nor the first one's request.
                LogAppend[] call =
                [
                    new LogAppend(0, Append(0, 100).Payload, 1) { Keys = [RequestKey.Of("p"u8, (long)acknowledged.Count)] },
                    .. Enumerable.Range(0, 5).Select(_ => Append(1, 100)), Append(1, 20_000),
                ];
                await log.AppendAsync(call, default);
                refused += call[0].Status == AppendStatus.Full ? 1 : 0;
                Assert.Equal((call[0].Status, null), (call[1].Status, call[1].Error));
                if (call[0].Status == AppendStatus.Appended)
                {
                    acknowledged.Add(call[0].Payload.ToArray());
                }
            }

            Assert.Equal(round + 1, logger.At(LogLevel.Error).Count);
            volume.Free();
            var next = new LogAppend(0, Append(0, 100).Payload, 1) { Keys = [RequestKey.Of("p"u8, (long)acknowledged.Count)] };
            await log.AppendAsync([next], default);
            Assert.Equal((AppendStatus.Appended, acknowledged.Count + 1), (next.Status, next.Position));
            acknowledged.Add(next.Payload.ToArray());
            Assert.Equal(round + 1, logger.At(LogLevel.Information).Count(static message => message.Contains("has room again", StringComparison.Ordinal)));
            Assert.Equal(acknowledged, (await ReadAllAsync(log, 0)).Select(static record => record.Payload.ToArray()));

            // What a kill would leave has nothing of what was refused, and all else.
            await using var killed = Open(CopyOf(path, $"{round}"), options);
            Assert.Equal(acknowledged, (await ReadAllAsync(killed, 0)).SkipLast(1).Select(static record => record.Payload.ToArray()));
        }

        // A log that has filled the disk by itself has room when it is trimmed.
        LogAppend append;
        do
        {
            append = Append(2, 10_000);
            await log.AppendAsync([append], default);
        }
        while (append.Status == AppendStatus.Appended);
        var position = (await log.GetHeadAsync(2, default)).Position;
        await log.TrimAsync(2, position, default);
        await log.TrimAsync(1, (await log.GetHeadAsync(1, default)).Position, default);
        for (var attempt = 0; append.Status != AppendStatus.Appended; attempt++)
        {
            // Removed files take a moment to be gone.
            Assert.True(attempt < 1000, $"{append.Status}");
            await log.AppendAsync([append], default);
        }

        Assert.Equal(position + 1, append.Position);
        await log.DisposeAsync();
        await using var again = SegmentPointLog.Open(path, Partitions, options, TimeProvider.System, logger);
        Assert.Equal(acknowledged, (await ReadAllAsync(again, 0)).Select(static record => record.Payload.ToArray()));
    }

    [SkippableFact]
    public async Task A_log_opened_on_a_full_disk_says_so_and_opens_later()
    {
        using var volume = new SmallVolume(kibibytes: 256);
        Skip.IfNot(volume.IsMounted, "No tmpfs can be mounted here.");
        var path = Path.Combine(volume.Path, "log");
        await using (var log = SegmentPointLog.Open(path, Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance))
        {
            await log.AppendAsync([Append(0, 10_000)], default);
        }

        volume.Fill();
        Assert.Throws<IOException>(() => SegmentPointLog.Open(path, Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance));
        volume.Free();
        await using var again = SegmentPointLog.Open(path, Partitions, new PointLogOptions { TailBytesPerPartition = 0 }, TimeProvider.System, NullLogger.Instance);
        Assert.Equal(1, (await ReadAllAsync(again, 0))[0].Position);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_log_killed_and_closed_in_turn_holds_what_was_acknowledged_and_not_trimmed(int seed)
    {
        var random = new Random(seed);
        var options = new PointLogOptions { SegmentBytes = 16 * 1024, TailBytesPerPartition = random.Next(2) * 20_000, Sync = (LogSync)random.Next(2) };
        var expected = new SortedDictionary<long, byte[]>[Partitions];
        var heads = new long[Partitions];
        var points = new long[Partitions];
        var keys = new List<(int Partition, RequestKey Key)>();
        for (var i = 0; i < Partitions; i++)
        {
            expected[i] = [];
        }

        var kills = 0;
        var name = "0";
        for (var run = 1; run <= 12; run++)
        {
            var log = Open(name, options);
            for (var partition = 0; partition < Partitions; partition++)
            {
                var read = await ReadAllAsync(log, partition);
                foreach (var gap in read.Where(static record => LogGap.TryParse(record.Payload.Span, out _)))
                {
                    expected[partition].TryAdd(gap.Position, gap.Payload.ToArray());
                    heads[partition] = Math.Max(heads[partition], gap.Position);
                }

                Assert.Equal(expected[partition].Keys, read.Select(static record => record.Position));
                Assert.Equal(expected[partition].Values, read.Select(static record => record.Payload.ToArray()));
                var head = await log.GetHeadAsync(partition, default);
                Assert.Equal((heads[partition], points[partition], expected[partition].Values.Sum(static bytes => (long)bytes.Length)), (head.Position, head.PointsThrough, head.Bytes));
            }

            for (var step = random.Next(60); step > 0; step--)
            {
                await StepAsync(log);
            }

            // What a kill leaves; half of the time in the middle of a write.
            if (random.Next(2) == 0)
            {
                kills++;
                CopyOf(name, $"{run}");
                if (random.Next(2) == 0)
                {
                    await using var torn = new FileStream(NewestSegment($"{run}"), FileMode.Append);
                    torn.Write(random.GetItems((byte[])[0, 1, 2, 255], random.Next(1, 3000)));
                }

                await log.DisposeAsync();
                name = $"{run}";
            }
            else
            {
                await log.DisposeAsync();
            }
        }

        Assert.InRange(kills, 2, 10);

        async Task StepAsync(SegmentPointLog log)
        {
            var partition = random.Next(Partitions);
            switch (random.Next(8))
            {
                case 0 when expected[partition].Count > 0:
                    var upTo = expected[partition].Keys.ElementAt(random.Next(expected[partition].Count));
                    await log.TrimAsync(partition, upTo, default);
                    foreach (var position in expected[partition].Keys.Where(position => position <= upTo).ToList())
                    {
                        expected[partition].Remove(position);
                    }

                    break;
                case 1 when keys.Count > 0:
                    var (of, key) = keys[random.Next(keys.Count)];
                    var repeat = new LogAppend(of, Append(of, 10).Payload, 1) { Keys = [key] };
                    await log.AppendAsync([repeat], default);
                    Assert.Equal(AppendStatus.Repeated, repeat.Status);
                    break;
                default:
                    var request = RequestKey.Of("p"u8, random.NextInt64());
                    LogAppend[] call =
                    [
                        new LogAppend(partition, Append(partition, random.Next(4, 2500)).Payload, 3) { Keys = random.Next(2) == 0 ? [request] : [] },
                        Append((partition + 1) % Partitions, random.Next(4, 300)),
                    ];
                    await log.AppendAsync(call, default);
                    foreach (var append in call)
                    {
                        Assert.Equal((AppendStatus.Appended, heads[append.Partition] + 1), (append.Status, append.Position));
                        heads[append.Partition]++;
                        points[append.Partition] += append.Points;
                        expected[append.Partition].Add(append.Position, append.Payload.ToArray());
                        keys.AddRange(append.Keys.Select(added => (append.Partition, added)));
                    }

                    break;
            }
        }
    }

    private SegmentPointLog Open(string name, PointLogOptions? options = null, ILogger? logger = null) => SegmentPointLog.Open(
        Path.Combine(_directory.Path, name), Partitions, options ?? new PointLogOptions { TailBytesPerPartition = 0 }, TimeProvider.System, logger ?? NullLogger.Instance);

    /// <summary>Random bytes that end with their checksum.</summary>
    private static LogAppend Append(int partition, int bytes)
    {
        var payload = new byte[bytes];
        Random.Shared.NextBytes(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(bytes - 4), Crc32.HashToUInt32(payload.AsSpan(0, bytes - 4)));
        return new LogAppend(partition, payload, 1);
    }

    private static async Task<List<LogRecord>> ReadAllAsync(SegmentPointLog log, int partition)
    {
        var all = new List<LogRecord>();
        while (await log.ReadAsync(partition, all.Count == 0 ? 0 : all[^1].Position, 60_000, default) is { Count: > 0 } records)
        {
            all.AddRange(records);
            Assert.True(all.Count < 10_000, "Reading does not end.");
        }

        return all;
    }

    private static void Flip(string file, long offset, Random random)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ (1 << random.Next(8))));
    }

    private static void Cut(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.SetLength(length);
    }

    private string NewestSegment(string name) => Directory.GetFiles(_directory.File(name), "*.seg").Max(StringComparer.Ordinal)!;

    /// <summary>The files of a log as they are now; again when any of them has changed meanwhile.</summary>
    private string CopyOf(string name, string copyName = "copy")
    {
        var from = new DirectoryInfo(_directory.File(name));
        var copy = _directory.File(copyName);
        string before;
        do
        {
            if (Directory.Exists(copy))
            {
                Directory.Delete(copy, recursive: true);
            }

            Directory.CreateDirectory(copy);
            before = Listing(from);
            foreach (var file in from.GetFiles().Where(static file => file.Name != "lock" && file.Extension != ".new"))
            {
                try
                {
                    file.CopyTo(Path.Combine(copy, file.Name));
                }
                catch (FileNotFoundException)
                {
                    // Then the listing has changed.
                }
            }
        }
        while (before != Listing(from));

        return copy;
    }

    private static string Listing(DirectoryInfo directory)
    {
        try
        {
            return string.Join('\n', directory.GetFiles().OrderBy(static file => file.Name, StringComparer.Ordinal).Select(static file => $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
        }
        catch (FileNotFoundException)
        {
            // Something is going on: unlike any other listing.
            return Guid.NewGuid().ToString();
        }
    }
}
