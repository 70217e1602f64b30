using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Tests.Batching;

public sealed class PointBatcherTests
{
    private const int Partitions = 4;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly IngestStatistics _statistics = new();
    private readonly ScriptedLog _log = new(Partitions);
    private readonly SeriesEntry[] _series;

    public PointBatcherTests()
    {
        var metrics = Enumerable.Range(0, 12).Select(static i =>
        {
            var name = Encoding.UTF8.GetBytes($"metric.{i}");
            return new MetricEntry(name, PartitionKey.Of(name, Partitions), i);
        }).ToArray();
        _series = [.. metrics.SelectMany(static metric => Enumerable.Range(0, 3).Select(host =>
        {
            var key = SeriesKey.Encode([new Tag("host", $"server-{host}")]);
            return new SeriesEntry(metric, SeriesKey.Hash(key), key);
        }))];
    }

    [Fact]
    public void Every_point_of_every_request_is_in_exactly_one_batch_with_its_time_and_value()
    {
        var wide = 0;
        var split = 0;
        var genPoint = Gen.Select(Gen.Int[0, 35], Gen.Double[-1e6, 1e6], Gen.Frequency((20, Gen.Long[0, 100_000]), (1, Gen.Long[-100_000_000_000, 0])));
        Gen.Select(genPoint.Array[1, 80].Array[1, 4], Gen.Int[16, 40]).Sample((requests, maxBatchPoints) =>
        {
            var encoder = new BatchEncoder(Partitions, "gateway"u8.ToArray(), maxBatchPoints);
            var sealedRequests = requests.Select(request =>
            {
                var points = new RequestPoints(4) { DefinitionPeriod = 0 };
                foreach (var (series, value, time) in request)
                {
                    points.Add(_series[series], value, time);
                }

                points.Seal();
                return points;
            }).ToList();
            var appends = new List<LogAppend>();
            encoder.Encode(sealedRequests, 1, appends);

            var expected = requests.SelectMany(static request => request).Select(p => (Metric: Name(_series[p.Item1]), _series[p.Item1].Id, p.Item2, p.Item3)).Order();
            var actual = new List<(string, ulong, double, long)>();
            foreach (var append in appends)
            {
                Assert.True(PointBatch.TryParse(append.Payload, out var batch, out var error), error);
                Assert.InRange(batch.Points, 1, maxBatchPoints);
                foreach (var bytes in batch.Slices)
                {
                    var slice = new SliceReader(bytes.Span);
                    Assert.Equal(append.Partition, PartitionKey.Of(slice.Metric, Partitions));
                    wide += slice.HasWideTimes ? 1 : 0;
                    for (var i = 0; i < slice.Points; i++)
                    {
                        actual.Add((Encoding.UTF8.GetString(slice.Metric), slice.Ids[i], slice.Values[i], slice.TimeOf(i)));
                    }
                }
            }

            split += appends.Count > appends.Select(static append => append.Partition).Distinct().Count() ? 1 : 0;
            Assert.Equal(expected, actual.Order());
        });
        Assert.True(wide > 0 && split > 0, $"The generator reached {wide} slices with wide times and {split} split partitions.");
    }

    [Fact]
    public async Task A_series_is_defined_until_the_log_has_taken_it_and_again_in_the_next_period()
    {
        await using var batcher = NewBatcher();
        var partition = _series[0].Metric.Partition;
        _log.Answer(partition, AppendStatus.Full);
        Assert.Equal(SubmitStatus.Full, await SubmitAsync(batcher, _series[0]));
        _log.Answer(partition, AppendStatus.Appended);
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, _series[0], _series[0]));
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, _series[0]));
        _time.Advance(new BatchingOptions().DefinitionPeriod);
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, _series[0]));

        Assert.Equal([1, 0, 1], _log.Batches.Select(static batch => new SliceReader(batch.Slices[0].Span).DefinitionCount));
        var definition = default(SeriesDefinition);
        foreach (var one in new SliceReader(_log.Batches.First().Slices[0].Span).GetDefinitions())
        {
            definition = one;
        }

        Assert.Equal(_series[0].Id, definition.Id);
        Assert.Equal(_series[0].Key, definition.Key.ToArray());
    }

    [Fact]
    public async Task Requests_that_wait_for_an_append_go_together_into_the_next()
    {
        await using var batcher = NewBatcher();
        _log.Hold();
        var first = SubmitAsync(batcher, _series[0]);
        await _log.AppendArrives();
        var waiting = Enumerable.Range(0, 5).Select(_ => SubmitAsync(batcher, _series[0], _series[1])).ToArray();
        _log.Release();

        Assert.Equal(SubmitStatus.Appended, await first);
        Assert.All(await Task.WhenAll(waiting), static status => Assert.Equal(SubmitStatus.Appended, status));
        Assert.Equal(2, _log.Calls.Count);
        Assert.Equal(10, _log.Calls[1].Sum(static append => append.Points));
        Assert.Equal(11, _statistics.Accepted);
    }

    [Fact]
    public async Task A_request_is_full_only_if_nothing_of_it_was_taken()
    {
        await using var batcher = NewBatcher();
        var one = _series[0];
        var other = _series.First(series => series.Metric.Partition != one.Metric.Partition);
        _log.Answer(one.Metric.Partition, AppendStatus.Full);

        Assert.Equal(SubmitStatus.Full, await SubmitAsync(batcher, one));
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, one, other));
        Assert.Equal(SubmitStatus.Appended, await SubmitAsync(batcher, other));
        _log.Answer(one.Metric.Partition, AppendStatus.Failed);
        Assert.Equal(SubmitStatus.Failed, await SubmitAsync(batcher, one));
        Assert.Equal(1, _statistics.Accepted);
    }

    [Theory]
    [InlineData(AppendStatus.Full, AppendStatus.Appended, SubmitStatus.Failed)]
    [InlineData(AppendStatus.Appended, AppendStatus.Full, SubmitStatus.Failed)]
    [InlineData(AppendStatus.Full, AppendStatus.Full, SubmitStatus.Full)]
    [InlineData(AppendStatus.Appended, AppendStatus.Failed, SubmitStatus.Failed)]
    public async Task A_partition_that_needs_two_batches_is_full_only_if_both_were_refused(AppendStatus first, AppendStatus second, SubmitStatus expected)
    {
        await using var batcher = NewBatcher(new BatchingOptions { MaxBatchPoints = 16 });
        _log.Next.Enqueue(first);
        _log.Next.Enqueue(second);

        Assert.Equal(expected, await SubmitAsync(batcher, [.. Enumerable.Repeat(_series[0], 20)]));
        Assert.Equal(2, _log.Calls.Single().Count);
    }

    [Fact]
    public async Task More_waiting_requests_than_the_bound_are_refused_and_the_others_are_appended()
    {
        await using var batcher = NewBatcher(new BatchingOptions { MaxWaitingRequests = 2 });
        _log.Hold();
        var underWay = SubmitAsync(batcher, _series[0]);
        await _log.AppendArrives();
        var waiting = new[] { SubmitAsync(batcher, _series[0]), SubmitAsync(batcher, _series[0]) };

        Assert.Equal(SubmitStatus.Full, await SubmitAsync(batcher, _series[0]));
        _log.Release();
        Assert.Equal(SubmitStatus.Appended, await underWay);
        Assert.All(await Task.WhenAll(waiting), static status => Assert.Equal(SubmitStatus.Appended, status));
    }

    [Fact]
    public async Task A_closed_batcher_appends_what_waits_and_takes_no_more()
    {
        var batcher = NewBatcher();
        _log.Hold();
        var underWay = SubmitAsync(batcher, _series[0]);
        await _log.AppendArrives();
        var waiting = SubmitAsync(batcher, _series[0]);
        var closed = batcher.DisposeAsync();
        Assert.Equal(SubmitStatus.Closed, await SubmitAsync(batcher, _series[0]));
        _log.Release();
        await closed;

        Assert.Equal(SubmitStatus.Appended, await underWay);
        Assert.Equal(SubmitStatus.Appended, await waiting);
        Assert.Equal(2, _log.Calls.Count);
    }

    private static string Name(SeriesEntry series) => Encoding.UTF8.GetString(series.Metric.Name);

    private PointBatcher NewBatcher(BatchingOptions? options = null) => new(
        _log, new GatewayId("gateway"), Options.Create(options ?? new BatchingOptions()), _statistics, _time, NullLogger<PointBatcher>.Instance);

    private static async Task<SubmitStatus> SubmitAsync(PointBatcher batcher, params SeriesEntry[] series)
    {
        var points = new RequestPoints(4) { DefinitionPeriod = batcher.DefinitionPeriod };
        foreach (var one in series)
        {
            points.Add(one, 1, 1_000);
        }

        return await batcher.SubmitAsync(points, CancellationToken.None);
    }
}
