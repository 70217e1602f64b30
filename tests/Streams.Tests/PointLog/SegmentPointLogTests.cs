using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Streams.Contract;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Segments;

namespace OrleansMetrics.Streams.Tests.PointLog;

public sealed class SegmentPointLogTests : PointLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => _directory.File("log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Appends_that_wait_at_the_same_time_share_a_commit()
    {
        var time = new HeldTime();
        await using var log = Open(time: time);
        time.Hold();
        var first = log.AppendAsync([Append(0, 10)], default).AsTask();
        var appends = Enumerable.Range(0, 100).Select(i => Append(i % Partitions, 100)).ToArray();
        var calls = appends.Select(append => log.AppendAsync([append], default).AsTask()).ToArray();

        time.Release();
        await first;
        await Task.WhenAll(calls);

        Assert.All(appends, append => Assert.Equal(AppendStatus.Appended, append.Status));
        Assert.InRange(log.Statistics.Commits, 1, 2);
        Assert.Equal(101, log.Statistics.RecordsAppended);
    }

    [Fact]
    public async Task Appends_beyond_the_bytes_that_may_wait_are_refused_as_full()
    {
        var time = new HeldTime();
        await using var log = Open(new PointLogOptions { MaxQueuedBytes = 1024 }, time);
        time.Hold();
        var waiting = Append(0, 1000);
        var call = log.AppendAsync([waiting], default).AsTask();
        var beyond = Append(0, 100);

        await log.AppendAsync([beyond], default);

        Assert.Equal(AppendStatus.Full, beyond.Status);
        time.Release();
        await call;
        Assert.Equal(AppendStatus.Appended, waiting.Status);
        await log.AppendAsync([beyond], default);
        Assert.Equal(AppendStatus.Appended, beyond.Status);
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
    public async Task A_log_belongs_to_one_process_at_a_time()
    {
        await using (Open())
        {
            var error = Assert.Throws<InvalidOperationException>(() => Open());
            Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
        }

        await using var again = Open();
    }

    [Fact]
    public async Task A_record_set_aside_is_kept_with_bytes_and_reason()
    {
        var payload = new byte[] { 1, 2, 10, 3 };
        await using (var log = Open())
        {
            await log.SetAsideAsync(2, new LogRecord(7, 8, 9, payload), "checksum", default);
            await log.SetAsideAsync(2, new LogRecord(7, 8, 9, payload), "again", default);
        }

        var file = Assert.Single(Directory.GetFiles(Path.Combine(Log, "aside")));
        var bytes = await File.ReadAllBytesAsync(file);
        var end = Array.IndexOf(bytes, (byte)'\n');
        Assert.Equal("2-00000000000000000007", Path.GetFileName(file));
        Assert.StartsWith("""{"reason":"checksum","ingestedAt":8,"pointsThrough":9,"setAsideAt":""", Encoding.UTF8.GetString(bytes, 0, end), StringComparison.Ordinal);
        Assert.Equal(payload, bytes[(end + 1)..]);
    }

    [Fact]
    public void All_options_out_of_range_are_reported_at_once()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Open(new PointLogOptions { MaxBytesPerPartition = 0, TailBytesPerPartition = -1, SegmentBytes = 0 }));

        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public async Task A_segment_is_removed_when_all_of_its_records_are_trimmed()
    {
        await using (var log = Open(Small()))
        {
            for (var i = 0; i < 100; i++)
            {
                await log.AppendAsync([Append(0, 500), Append(1, 500)], default);
            }

            Assert.True(Segments() > 10, $"{Segments()} segments");
            await log.TrimAsync(0, 100, default);
            Assert.True(Segments() > 10, "Partition 1 still has records in all of them.");
            await log.TrimAsync(1, 90, default);
            Assert.Equal(91, (await log.ReadAsync(1, 0, 100, default))[0].Position);
        }

        Assert.InRange(Segments(), 1, 5);
        Assert.Equal(Segments(), Directory.GetFiles(Log, "*.idx").Length);
        await using (var log = Open(Small()))
        {
            Assert.Equal((100, 100, 0), (await Head(log, 0)));
            Assert.Equal((100, 90, 5000), (await Head(log, 1)));
            Assert.Equal(10, (await log.ReadAsync(1, 0, 1 << 20, default)).Count);
            await log.TrimAsync(1, 100, default);
        }

        Assert.Equal(0, Segments());
        await using var empty = Open(Small());
        Assert.Equal((100, 100, 0), await Head(empty, 1));
        var next = Append(1, 10);
        await empty.AppendAsync([next], default);
        Assert.Equal(101, next.Position);

        static async Task<(long Position, long TrimmedTo, long Bytes)> Head(SegmentPointLog log, int partition)
        {
            var head = await log.GetHeadAsync(partition, default);
            return (head.Position, head.TrimmedTo, head.Bytes);
        }
    }

    [Fact]
    public async Task A_partition_that_is_not_trimmed_does_not_keep_the_others_records_on_the_disk()
    {
        var expected = new List<byte[]>();
        await using (var log = Open(Small()))
        {
            for (var i = 1; i <= 400; i++)
            {
                var lagging = Append(0, 50);
                expected.Add(lagging.Payload.ToArray());
                await log.AppendAsync([Append(1, 2000), lagging, Append(2, 2000)], default);
                if (i % 20 == 0)
                {
                    await log.TrimAsync(1, i, default);
                    await log.TrimAsync(2, i, default);
                }
            }

            await AssertLaggingAsync(log);
        }

        var live = 400 * Frame.LengthOf(50);
        var bytes = new DirectoryInfo(Log).GetFiles("*.seg").Sum(static file => file.Length);
        Assert.InRange(bytes, live, (2 * live) + (7 * 8192));
        await using (var again = Open(Small()))
        {
            await AssertLaggingAsync(again);
            await again.TrimAsync(0, 400, default);
        }

        Assert.Equal(0, Segments());

        async Task AssertLaggingAsync(SegmentPointLog log)
        {
            var read = await log.ReadAsync(0, 0, 1 << 20, default);
            Assert.Equal(Enumerable.Range(1, 400).Select(static i => (long)i), read.Select(static record => record.Position));
            Assert.Equal(expected, read.Select(static record => record.Payload.ToArray()));
            Assert.Equal(400 * 50, (await log.GetHeadAsync(0, default)).Bytes);
        }
    }

    [Fact]
    public async Task Requests_are_remembered_when_their_segments_are_gone_and_their_files_go_when_they_are_forgotten()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        await using (var log = Open(KeyedOptions(), time))
        {
            for (var i = 0; i < 50; i++)
            {
                await log.AppendAsync([Keyed(0, Key(i)), Append(1, 1000)], default);
            }

            await log.TrimAsync(0, 50, default);
            await log.TrimAsync(1, 50, default);
        }

        Assert.Equal(0, Segments());
        Assert.True(Directory.GetFiles(Log, "*.idx").Length > 5);
        await using (var log = Open(KeyedOptions(), time))
        {
            Assert.Equal(50, (await RepeatedAsync(log, 0, [.. Enumerable.Range(0, 60).Select(Key)])).Count);
            time.Advance(TimeSpan.FromMinutes(16));
            await log.AppendAsync([Append(1, 10)], default);
            await log.TrimAsync(1, 51, default);
            Assert.Empty(await RepeatedAsync(log, 0, [.. Enumerable.Range(0, 60).Select(Key)]));
        }

        Assert.Empty(Directory.GetFiles(Log, "*.idx"));

        static PointLogOptions KeyedOptions() => new() { SegmentBytes = 8192, MaxBytesPerPartition = 1 << 16 };
    }

    [Theory]
    [InlineData(LogSync.Normal)]
    [InlineData(LogSync.Full)]
    public async Task A_thousand_partitions_share_segments(LogSync sync)
    {
        const int many = 1024;
        var options = new PointLogOptions { SegmentBytes = 1 << 16, Sync = sync };
        var appends = Enumerable.Range(0, 3 * many).Select(i => Append(i % many, 40)).ToArray();
        await using (var log = Open(options, partitions: many))
        {
            foreach (var call in appends.Chunk(many))
            {
                await log.AppendAsync(call, default);
            }
        }

        await using var again = Open(options, partitions: many);
        for (var partition = 0; partition < many; partition++)
        {
            var records = await again.ReadAsync(partition, 0, 1 << 20, default);
            Assert.Equal(
                appends.Where(append => append.Partition == partition).Select(append => Convert.ToHexString(append.Payload.Span)),
                records.Select(record => Convert.ToHexString(record.Payload.Span)));
        }
    }

    [Fact]
    public async Task A_commit_may_be_larger_than_a_segment_and_have_payloads_of_any_size()
    {
        var appends = Enumerable.Range(0, 60).Select(i => Append(i % Partitions, i * i * 10)).ToArray();
        await using (var log = Open(new PointLogOptions { SegmentBytes = 1024, TailBytesPerPartition = 0 }))
        {
            await log.AppendAsync(appends, default);
            await AssertAsync(log);
        }

        await using var again = Open(new PointLogOptions { SegmentBytes = 1024 });
        await AssertAsync(again);

        async Task AssertAsync(SegmentPointLog log)
        {
            for (var partition = 0; partition < Partitions; partition++)
            {
                Assert.Equal(
                    appends.Where(append => append.Partition == partition).Select(append => append.Payload.ToArray()),
                    (await log.ReadAsync(partition, 0, 1 << 20, default)).Select(record => record.Payload.ToArray()));
            }
        }
    }

    [Fact]
    public async Task Readers_keep_up_with_a_log_that_is_trimmed_and_copied_under_them()
    {
        await using var log = Open(new PointLogOptions { SegmentBytes = 8192, TailBytesPerPartition = 0 });
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            var reads = 0;
            while (!stop.IsCancellationRequested)
            {
                foreach (var partition in (int[])[0, 1])
                {
                    var records = await log.ReadAsync(partition, 0, 1 << 20, default);
                    for (var i = 1; i < records.Count; i++)
                    {
                        Assert.Equal(records[i - 1].Position + 1, records[i].Position);
                    }

                    reads += records.Count;
                }
            }

            return reads;
        });
        for (var i = 1; i <= 600; i++)
        {
            await log.AppendAsync([Append(0, 20), Append(1, 2000)], default);
            if (i % 10 == 0)
            {
                await log.TrimAsync(1, i - 3, default);
            }
        }

        await stop.CancelAsync();
        Assert.True(await reader > 0);
        Assert.Equal(600, (await log.ReadAsync(0, 0, 1 << 20, default)).Count);
        Assert.Equal(0, log.Statistics.StoreErrors);
    }

    protected override Task<IPointLog> OpenAsync(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        Task.FromResult<IPointLog>(Open(options, time, partitions));

    private static PointLogOptions Small() => new() { SegmentBytes = 8192, TailBytesPerPartition = 0 };

    private int Segments() => Directory.GetFiles(Log, "*.seg").Length;

    private SegmentPointLog Open(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        SegmentPointLog.Open(Log, partitions, options ?? new PointLogOptions(), time ?? TimeProvider.System, NullLogger.Instance);

    /// <summary>A clock that can make who asks for the time wait: the commit thread, in the middle of a commit.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly ManualResetEventSlim _open = new(true);

        public void Hold() => _open.Reset();

        public void Release() => _open.Set();

        public override DateTimeOffset GetUtcNow()
        {
            Assert.True(_open.Wait(Patience));
            return base.GetUtcNow();
        }
    }
}
