using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Sqlite;
using OrleansMetrics.Streams.Tests.PointLog;

namespace OrleansMetrics.Streams.Tests.Batching;

public sealed class RepeatedRequestTests
{
    private const int Partitions = 3;

    private readonly IngestStatistics _statistics = new();
    private readonly ScriptedLog _log = new(Partitions);
    private readonly SeriesEntry[] _series = NewSeries();

    [Fact]
    public async Task A_partitions_first_batch_has_the_key_of_each_request_with_points_for_it()
    {
        await using var batcher = NewBatcher(_log, new BatchingOptions { MaxBatchPoints = 16 });
        _log.Hold();
        var underWay = SubmitAsync(batcher, null, 2);
        await _log.AppendArrives();
        Task<SubmitStatus>[] round = [SubmitAsync(batcher, Key(1), 0, 0, 1), SubmitAsync(batcher, null, 0), SubmitAsync(batcher, Key(2), [.. Enumerable.Repeat(0, 20)])];
        _log.Release();
        await underWay;
        await Task.WhenAll(round);

        Assert.Empty(Assert.Single(_log.Calls[0]).Keys);
        Assert.Equal([[Key(1), Key(2)], [], [Key(1)]], _log.Calls[1].Select(static append => append.Keys));
        Assert.Equal([0, 0, 1], _log.Calls[1].Select(static append => append.Partition));
    }

    [Fact]
    public async Task A_request_that_the_log_has_is_repeated_and_the_others_of_its_round_are_appended()
    {
        await using var batcher = NewBatcher(_log);
        _log.Hold();
        var underWay = SubmitAsync(batcher, null, 2);
        await _log.AppendArrives();
        var repeated = SubmitAsync(batcher, Key(1), 0, 1);
        var other = SubmitAsync(batcher, Key(2), 0);
        var unnamed = SubmitAsync(batcher, null, 0, 2);
        _log.NextCalls.Enqueue(AllAppended);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(1)), Repeated(Key(1)), Withdrawn));
        _log.Release();

        Assert.Equal(
            [SubmitStatus.Appended, SubmitStatus.Repeated, SubmitStatus.Appended, SubmitStatus.Appended],
            await Task.WhenAll(underWay, repeated, other, unnamed));
        Assert.Equal(3, _log.Calls.Count);
        Assert.Equal([(0, 2), (2, 1)], _log.Calls[2].Select(static append => (append.Partition, append.Points)));
        Assert.Equal([Key(2)], _log.Calls[2][0].Keys);
        Assert.Equal((4, 2), (_statistics.Accepted, _statistics.Repeated));
    }

    [Fact]
    public async Task A_request_with_a_part_in_the_log_is_completed_and_only_its_new_points_are_accepted()
    {
        await using var batcher = NewBatcher(_log);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(1)), Withdrawn, Withdrawn));

        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, Key(1), 0, 1, 1, 2));
        Assert.Equal([1, 2], _log.Calls[1].Select(static append => append.Partition));
        Assert.Equal((3, 1), (_statistics.Accepted, _statistics.Repeated));
    }

    [Fact]
    public async Task A_repeat_is_not_in_one_round_with_the_first()
    {
        await using var batcher = NewBatcher(_log);
        _log.Hold();
        var underWay = SubmitAsync(batcher, null, 2);
        await _log.AppendArrives();
        Task<SubmitStatus>[] waiting = [SubmitAsync(batcher, Key(1), 0), SubmitAsync(batcher, Key(2), 0), SubmitAsync(batcher, Key(1), 0), SubmitAsync(batcher, Key(3), 0)];
        _log.NextCalls.Enqueue(AllAppended);
        _log.NextCalls.Enqueue(AllAppended);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(1))));
        _log.Release();

        await underWay;
        Assert.Equal([SubmitStatus.Appended, SubmitStatus.Appended, SubmitStatus.Repeated, SubmitStatus.Appended], await Task.WhenAll(waiting));
        Assert.Equal([[], [Key(1), Key(2)], [Key(1), Key(3)], [Key(3)]], _log.Calls.Select(static call => call.Single().Keys));
    }

    [Fact]
    public async Task A_full_partition_refuses_its_requests_and_the_withdrawn_others_are_appended()
    {
        await using var batcher = NewBatcher(_log);
        _log.Hold();
        var underWay = SubmitAsync(batcher, null, 2);
        await _log.AppendArrives();
        Task<SubmitStatus>[] round = [SubmitAsync(batcher, null, 0), SubmitAsync(batcher, Key(1), 0, 1), SubmitAsync(batcher, null, 1, 2), SubmitAsync(batcher, Key(2), 2)];
        _log.NextCalls.Enqueue(AllAppended);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Full, Withdrawn, Withdrawn));
        _log.Release();

        await underWay;
        Assert.Equal([SubmitStatus.Full, SubmitStatus.Full, SubmitStatus.Appended, SubmitStatus.Appended], await Task.WhenAll(round));
        Assert.Equal([(1, 1), (2, 2)], _log.Calls[2].Select(static append => (append.Partition, append.Points)));
        Assert.Equal(4, _statistics.Accepted);
    }

    [Fact]
    public async Task A_request_with_a_part_in_the_log_is_not_full()
    {
        await using var batcher = NewBatcher(_log);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(1)), Full));
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, Key(1), 0, 1));

        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Appended, Full));
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, Key(2), 0, 1));
        Assert.Equal(2, _log.Calls.Count);
        Assert.Equal((0, 0), (_statistics.Accepted, _statistics.Repeated));
    }

    [Fact]
    public async Task A_repeat_is_said_of_a_full_partition_too()
    {
        await using var batcher = NewBatcher(_log, new BatchingOptions { MaxBatchPoints = 16 });
        _log.NextCalls.Enqueue(static appends =>
        {
            Repeated(Key(1))(appends[0]);
            Full(appends[1]);
        });

        Assert.Equal(SubmitStatus.Repeated, await SubmitAsync(batcher, Key(1), [.. Enumerable.Repeat(0, 20)]));
        Assert.Single(_log.Calls);
    }

    [Fact]
    public async Task A_log_that_settles_nothing_has_failed()
    {
        await using var batcher = NewBatcher(_log);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Withdrawn, Withdrawn));
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, Key(1), 0, 1));
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(9)), Withdrawn));
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, Key(1), 0, 1));
        _log.NextCalls.Enqueue(static _ => { });
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, Key(1), 0));
        Assert.Equal(3, _log.Calls.Count);
    }

    [Fact]
    public async Task A_series_of_a_repeated_request_goes_with_its_definition_until_this_process_has_appended_it()
    {
        await using var batcher = NewBatcher(_log);
        _log.NextCalls.Enqueue(static appends => AnswerByPartition(appends, Repeated(Key(1))));
        Assert.Equal(SubmitStatus.Repeated, await SubmitAsync(batcher, Key(1), 0));
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, Key(2), 0));
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, Key(3), 0));
        Assert.Equal([1, 0], _log.Batches.Select(static batch => new SliceReader(batch.Slices[0].Span).DefinitionCount));
    }

    [Fact]
    public async Task A_repeat_that_reaches_another_process_on_the_same_log_is_counted_once()
    {
        using var directory = new TemporaryDirectory();
        var options = new BatchingOptions { MaxBatchPoints = 16 };
        await using var oneLog = SqlitePointLog.Open(directory.File("log.db"), Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);
        await using var otherLog = SqlitePointLog.Open(directory.File("log.db"), Partitions, new PointLogOptions(), TimeProvider.System, NullLogger.Instance);
        await using var one = NewBatcher(oneLog, options);
        await using var other = NewBatcher(otherLog, options);
        int[] series = [.. Enumerable.Range(0, 40).Select(static i => i % 6)];
        for (var round = 0; round < 20; round++)
        {
            var key = round;
            var answers = await Task.WhenAll(new[] { one, other, one, other }.Select(batcher => SubmitAsync(batcher, Key(key), series)));
            Assert.Equal(1, answers.Count(static status => status == SubmitStatus.Appended));
            Assert.Equal(3, answers.Count(static status => status == SubmitStatus.Repeated));
        }

        Assert.Equal((20 * 40, 3 * 20 * 40), (_statistics.Accepted, _statistics.Repeated));
        var points = 0L;
        for (var partition = 0; partition < Partitions; partition++)
        {
            points += (await oneLog.ReadAsync(partition, 0, int.MaxValue, CancellationToken.None)).Sum(static record => PointBatch.TryParse(record.Payload, out var batch, out _) ? batch.Points : 0);
        }

        Assert.Equal(20 * 40, points);
    }

    /// <summary>Two gateways on one log; every keyed request is sent by both, by one of them twice, and again until it is acknowledged.</summary>
    [Fact]
    public async Task Whatever_the_log_does_a_keyed_request_is_counted_once_and_every_status_is_true()
    {
        var reached = new Dictionary<(bool Keyed, SubmitStatus Status), int>();
        var genRequest = Gen.Select(Gen.Bool, Gen.Int[0, 5].Array[1, 6]);
        await Gen.Select(genRequest.Array[1, 8], Gen.Bool, Gen.Int, Gen.Int[0, 12], Gen.Int[1, 40]).SampleAsync(
            async (requests, wholeCalls, seed, faults, maxAppendPoints) =>
            {
                var log = new ModelLog(Partitions, wholeCalls, seed, faults);
                var options = new BatchingOptions { MaxBatchPoints = 3, MaxAppendPoints = maxAppendPoints };
                var statuses = new List<(int Request, SubmitStatus Status)>();
                await using (var one = NewBatcher(log, options))
                await using (var other = NewBatcher(log, options))
                {
                    var open = Enumerable.Range(0, requests.Length).SelectMany(i => requests[i].Item1 ? new[] { (i, one), (i, other), (i, one) } : [(i, one)]).ToList();
                    for (var tries = 0; open.Count > 0; tries++)
                    {
                        Assert.True(tries < 30, "The faults are used up, and still not everything is acknowledged.");
                        var answers = await Task.WhenAll(open.Select(sender => SubmitNumberedAsync(sender.Item2, sender.i, requests[sender.i])));
                        statuses.AddRange(open.Zip(answers, static (sender, status) => (sender.i, status)));
                        open = [.. open.Where((sender, at) => requests[sender.i].Item1 && answers[at] is not (SubmitStatus.Appended or SubmitStatus.Repeated))];
                    }
                }

                var counts = log.Values.GroupBy(static value => value).ToDictionary(static group => group.Key, static group => group.Count());
                for (var i = 0; i < requests.Length; i++)
                {
                    var said = statuses.Where(status => status.Request == i).Select(static status => status.Status).ToArray();
                    var found = Enumerable.Range(0, requests[i].Item2.Length).Select(point => counts.GetValueOrDefault((i * 1000) + point)).ToArray();
                    if (requests[i].Item1)
                    {
                        Assert.All(found, static count => Assert.Equal(1, count));
                    }
                    else if (said.Single() == SubmitStatus.Failed)
                    {
                        Assert.All(found, static count => Assert.InRange(count, 0, 1));
                    }
                    else
                    {
                        Assert.Contains(said.Single(), new[] { SubmitStatus.Appended, SubmitStatus.Full });
                        Assert.All(found, count => Assert.Equal(said.Single() == SubmitStatus.Appended ? 1 : 0, count));
                    }
                }

                lock (reached)
                {
                    foreach (var (request, status) in statuses)
                    {
                        var kind = (requests[request].Item1, status);
                        reached[kind] = reached.GetValueOrDefault(kind) + 1;
                    }
                }
            },
            iter: 2_000);
        Assert.Equal(7, reached.Count(static kind => kind.Value > 20));
    }

    /// <summary>A log that answers without rules: still every request gets an answer, and none that the answers contradict.</summary>
    [Fact]
    public async Task Of_a_log_that_breaks_its_promise_no_status_is_believed_that_does_not_hold()
    {
        var reached = new Dictionary<SubmitStatus, int>();
        var genStatus = Gen.Enum<AppendStatus>();
        await Gen.Select(Gen.Int[0, 5].Array[1, 12].Array[1, 5], genStatus.Array[200], Gen.Int).SampleAsync(
            async (requests, answers, seed) =>
            {
                var log = new ScriptedLog(Partitions);
                var random = new Random(seed);
                var at = 0;
                var written = new List<double>();
                for (var i = 0; i < answers.Length; i++)
                {
                    log.NextCalls.Enqueue(appends =>
                    {
                        foreach (var append in appends)
                        {
                            append.Status = answers[at++ % answers.Length];
                            append.Repeated = [.. append.Keys.Where(_ => random.Next(2) == 0)];
                            if (append.Status == AppendStatus.Appended && PointBatch.TryParse(append.Payload, out var batch, out _))
                            {
                                foreach (var slice in batch.Slices)
                                {
                                    written.AddRange(new SliceReader(slice.Span).Values);
                                }
                            }
                        }
                    });
                }

                SubmitStatus[] said;
                await using (var batcher = NewBatcher(log, new BatchingOptions { MaxBatchPoints = 3 }))
                {
                    said = await Task.WhenAll(requests.Select((series, i) => SubmitNumberedAsync(batcher, i, (true, series)))).WaitAsync(TimeSpan.FromSeconds(30));
                }

                for (var i = 0; i < requests.Length; i++)
                {
                    var found = requests[i].Where((_, point) => written.Contains((i * 1000) + point)).Count();
                    Assert.True(said[i] is not (SubmitStatus.Full or SubmitStatus.Repeated) || found == 0, $"{said[i]}, but {found} points were appended.");
                    Assert.True(said[i] != SubmitStatus.Appended || found > 0, "Appended, but nothing was.");
                }

                lock (reached)
                {
                    foreach (var status in said)
                    {
                        reached[status] = reached.GetValueOrDefault(status) + 1;
                    }
                }
            },
            iter: 2_000);
        Assert.Equal(4, reached.Count(static status => status.Value > 20));
    }

    private static RequestKey Key(int number) => RequestKey.Of("sender"u8, number);

    private static void AllAppended(IReadOnlyList<LogAppend> appends) => AnswerByPartition(appends, Appended, Appended, Appended);

    private static void AnswerByPartition(IReadOnlyList<LogAppend> appends, params Action<LogAppend>[] answers)
    {
        foreach (var append in appends)
        {
            answers[append.Partition](append);
        }
    }

    private static Action<LogAppend> Repeated(RequestKey key) => append =>
    {
        append.Status = AppendStatus.Repeated;
        append.Repeated = [key];
    };

    private static void Withdrawn(LogAppend append) => append.Status = AppendStatus.Withdrawn;

    private static void Full(LogAppend append) => append.Status = AppendStatus.Full;

    private static void Appended(LogAppend append) => append.Status = AppendStatus.Appended;

    /// <summary>Two metrics per partition: of metric 0, 1, 2 in partition 0, 1, 2, and then 3, 4, 5.</summary>
    private static SeriesEntry[] NewSeries() => [.. Enumerable.Range(0, 2 * Partitions).Select(static i =>
    {
        var key = SeriesKey.Encode([new Tag("host", "a")]);
        return new SeriesEntry(new MetricEntry(Encoding.UTF8.GetBytes($"metric.{i}"), i % Partitions, i), SeriesKey.Hash(key), key);
    })];

    private PointBatcher NewBatcher(IPointLog log, BatchingOptions? options = null) => new(
        log, new GatewayId("gateway"), Options.Create(options ?? new BatchingOptions()), _statistics, TimeProvider.System, NullLogger<PointBatcher>.Instance);

    /// <summary>Submits points of the series with these numbers, which are those of the partitions.</summary>
    private Task<SubmitStatus> SubmitAsync(PointBatcher batcher, RequestKey? key, params int[] series)
    {
        var points = new RequestPoints(4) { DefinitionPeriod = batcher.DefinitionPeriod, Key = key };
        foreach (var one in series)
        {
            points.Add(_series[one], 1, 1_000);
        }

        return batcher.SubmitAsync(points, CancellationToken.None).AsTask();
    }

    private Task<SubmitStatus> SubmitNumberedAsync(PointBatcher batcher, int number, (bool Keyed, int[] Series) request)
    {
        var points = new RequestPoints(4) { DefinitionPeriod = batcher.DefinitionPeriod, Key = request.Keyed ? Key(number) : null };
        for (var i = 0; i < request.Series.Length; i++)
        {
            points.Add(_series[request.Series[i]], (number * 1000) + i, 1_000);
        }

        return batcher.SubmitAsync(points, CancellationToken.None).AsTask();
    }
}
