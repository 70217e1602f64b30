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

public sealed class MetricKindTests
{
    private const int Partitions = 2;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly ScriptedLog _log = new(Partitions);
    private readonly SeriesEntry[] _series = [.. Enumerable.Range(0, 5).Select(static i =>
    {
        var name = Encoding.UTF8.GetBytes($"metric.{i}");
        var key = SeriesKey.Encode([new Tag("host", "a")]);
        return new SeriesEntry(new MetricEntry(name, PartitionKey.Of(name, Partitions), i), SeriesKey.Hash(key), key);
    })];

    [Fact]
    public void Slices_name_the_kind_that_their_requests_name_and_no_batch_has_two_of_a_metric()
    {
        var (apart, split) = (0, 0);
        var genPoint = Gen.Select(Gen.Int[0, 4], Gen.Double[0, 1e6]);
        var genKinds = Gen.Frequency((2, Gen.Const((MetricKind?)null)), (1, Gen.Int[0, 3].Select(static kind => (MetricKind?)kind))).Array[5];
        Gen.Select(Gen.Select(genPoint.Array[1, 30], genKinds).Array[1, 6], Gen.Int[8, 60]).Sample((requests, maxBatchPoints) =>
        {
            var encoder = new BatchEncoder(Partitions, "gateway"u8.ToArray(), maxBatchPoints);
            var submitted = requests.Select(request =>
            {
                var points = new RequestPoints(4) { DefinitionPeriod = 0 };
                foreach (var (series, value) in request.Item1)
                {
                    points.Add(_series[series], request.Item2[series], value, 1);
                }

                points.Seal();
                return points;
            }).ToList();
            var appends = new List<LogAppend>();
            encoder.Encode(submitted, 1, appends);

            var expected = requests.SelectMany(static request => request.Item1.Select(point => ($"metric.{point.Item1}", request.Item2[point.Item1], point.Item2))).Order();
            var actual = new List<(string, MetricKind?, double)>();
            foreach (var append in appends)
            {
                // A metric that is there twice is refused.
                Assert.True(PointBatch.TryParse(append.Payload, out var batch, out var error), error);
                Assert.InRange(batch.Points, 1, maxBatchPoints);
                foreach (var bytes in batch.Slices)
                {
                    var slice = new SliceReader(bytes.Span);
                    actual.AddRange(slice.Values.ToArray().Select(value => (Encoding.UTF8.GetString(new SliceReader(bytes.Span).Metric), new SliceReader(bytes.Span).Kind, value)));
                }

                split += batch.Points == maxBatchPoints ? 1 : 0;
            }

            apart += appends.Count > Partitions ? 1 : 0;
            Assert.Equal(expected, actual.Order());
        });
        Assert.True(apart > 30 && split > 30, $"{apart} with batches apart, {split} batches that were full");
    }

    [Fact]
    public void A_point_that_names_none_is_of_the_kind_that_its_request_names()
    {
        var points = new RequestPoints(4);
        points.Add(_series[0], 1, 1);
        points.Add(_series[0], MetricKind.Counter, 2, 1);
        points.Add(_series[0], null, 3, 1);
        points.Add(_series[1], null, 4, 1);
        Assert.Equal(MetricKind.Counter, points.KindOf(_series[0].Metric));
        Assert.Equal(RejectReason.KindConflict, points.Check(_series[0].Metric, MetricKind.Gauge, 1));
        Assert.Equal(RejectReason.NegativeCounter, points.Check(_series[0].Metric, null, -1));
        Assert.Equal(RejectReason.NegativeCounter, points.Check(_series[1].Metric, MetricKind.CumulativeCounter, -1));
        Assert.Null(points.Check(_series[1].Metric, MetricKind.Distribution, -1));
        Assert.Null(points.Check(_series[1].Metric, null, -1));
        points.Seal();
        Assert.Equal([(0, 3, MetricKind.Counter), (1, 1, (MetricKind?)null)], points.Runs.Select(static run => (run.Metric.Index, run.Count, run.Kind)));
        points.Clear();
        Assert.Null(points.Check(_series[0].Metric, MetricKind.Gauge, -1));
    }

    [Fact]
    public async Task What_kind_a_metric_is_is_known_once_the_log_has_taken_it_and_for_a_while()
    {
        await using var batcher = new PointBatcher(
            _log, new GatewayId("gateway"), Options.Create(new BatchingOptions()), new IngestStatistics(), _time, NullLogger<PointBatcher>.Instance);
        var metric = _series[0].Metric;
        _log.Answer(metric.Partition, AppendStatus.Full);
        await SubmitAsync(batcher, MetricKind.Counter);
        Assert.Null(metric.KindIn(batcher.DefinitionPeriod));

        _log.Answer(metric.Partition, AppendStatus.Appended);
        await SubmitAsync(batcher, null);
        Assert.Null(metric.KindIn(batcher.DefinitionPeriod));
        await SubmitAsync(batcher, MetricKind.Counter);
        Assert.Equal(MetricKind.Counter, metric.KindIn(batcher.DefinitionPeriod));

        // One that was under way meanwhile teaches nothing, but the aggregator does.
        await SubmitAsync(batcher, MetricKind.Gauge);
        Assert.Equal(MetricKind.Counter, metric.KindIn(batcher.DefinitionPeriod));
        metric.SetKind(MetricKind.Distribution, batcher.DefinitionPeriod);
        Assert.Equal(MetricKind.Distribution, metric.KindIn(batcher.DefinitionPeriod));

        _time.Advance(new BatchingOptions().DefinitionPeriod);
        Assert.Equal(MetricKind.Distribution, metric.KindIn(batcher.DefinitionPeriod));
        await SubmitAsync(batcher, MetricKind.Distribution);
        _time.Advance(new BatchingOptions().DefinitionPeriod);
        Assert.Equal(MetricKind.Distribution, metric.KindIn(batcher.DefinitionPeriod));
        _time.Advance(new BatchingOptions().DefinitionPeriod);
        Assert.Null(metric.KindIn(batcher.DefinitionPeriod));
    }

    [Fact]
    public void What_an_aggregator_has_decided_is_known_of_metrics_that_came_here()
    {
        var cache = new SeriesCache(Partitions, new SeriesCacheOptions());
        Assert.True(cache.TryResolve("cpu", [], out var entry, out _));
        cache.SetKind("cpu", MetricKind.Counter, 3);
        cache.SetKind("mem", MetricKind.Counter, 3);
        Assert.Equal(MetricKind.Counter, entry.Metric.KindIn(3));
        Assert.Equal(1, cache.Metrics);
    }

    private async Task SubmitAsync(PointBatcher batcher, MetricKind? kind)
    {
        var points = new RequestPoints(4) { DefinitionPeriod = batcher.DefinitionPeriod };
        points.Add(_series[0], kind, 1, 1);
        await batcher.SubmitAsync(points, CancellationToken.None);
    }
}
