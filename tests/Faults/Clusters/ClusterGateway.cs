using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>A gateway as far as points go: its own log instance, batcher, series table and clock. It can be closed and opened again.</summary>
internal sealed class ClusterGateway : IRequestSender, IAsyncDisposable
{
    private readonly ClusterStores _stores;
    private readonly string _name;
    private Opened _opened;

    public ClusterGateway(ClusterStores stores, string name, int seed)
    {
        _stores = stores;
        _name = name;
        LogFaults = new FaultInjector(seed);
        _opened = Open();
    }

    public SteppedClock Clock { get; } = new();

    public FaultInjector LogFaults { get; }

    /// <inheritdoc />
    public async Task<SendResult> SendAsync(SentRequest request)
    {
        var opened = Volatile.Read(ref _opened);
        return await opened.Batcher.SubmitAsync(opened.Encode(request, Clock.GetUtcNow()), CancellationToken.None) switch
        {
            SubmitStatus.Appended or SubmitStatus.Repeated => SendResult.Acknowledged,
            SubmitStatus.Full or SubmitStatus.Closed => SendResult.NothingTaken,
            SubmitStatus.Failed => SendResult.Unknown,
            var other => throw new InvalidOperationException($"{request} was answered {other}."),
        };
    }

    /// <inheritdoc />
    public async Task<SendResult> SendAndHangUpAsync(SentRequest request, bool whole)
    {
        if (!whole)
        {
            // A body that breaks off is never submitted.
            return SendResult.NothingTaken;
        }

        await SendAsync(request);
        return SendResult.Unknown;
    }

    /// <summary>A new process in the old one's place; what waits in the old one is still appended.</summary>
    public async Task ReopenAsync()
    {
        var old = Interlocked.Exchange(ref _opened, Open());
        await old.DisposeAsync();
    }

    public ValueTask DisposeAsync() => _opened.DisposeAsync();

    private Opened Open()
    {
        var log = new FaultyPointLog(_stores.OpenLog(Clock), LogFaults);
        var batcher = new PointBatcher(
            log, new GatewayId(_name), Options.Create(new BatchingOptions()), new IngestStatistics(), Clock, NullLogger<PointBatcher>.Instance);
        return new Opened(log, batcher);
    }

    private sealed class Opened(IPointLog log, PointBatcher batcher) : IAsyncDisposable
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, MetricEntry> _metrics = new(StringComparer.Ordinal);
        private readonly Dictionary<(string Metric, string Series), SeriesEntry> _series = [];

        public PointBatcher Batcher => batcher;

        public RequestPoints Encode(SentRequest request, DateTimeOffset now)
        {
            var points = new RequestPoints
            {
                DefinitionPeriod = batcher.DefinitionPeriod,
                Key = request.Key is { } key ? RequestKey.Of(Encoding.UTF8.GetBytes(key), (UInt128)request.Id) : null,
            };
            lock (_lock)
            {
                foreach (var point in request.Points)
                {
                    points.Add(SeriesOf(point), point.Value, point.Time ?? now.ToUnixTimeMilliseconds());
                }
            }

            return points;
        }

        public async ValueTask DisposeAsync()
        {
            await batcher.DisposeAsync();
            await log.DisposeAsync();
        }

        private SeriesEntry SeriesOf(GeneratedPoint point)
        {
            if (_series.TryGetValue((point.Metric, point.Series), out var series))
            {
                return series;
            }

            if (!_metrics.TryGetValue(point.Metric, out var metric))
            {
                var name = Encoding.UTF8.GetBytes(point.Metric);
                metric = new MetricEntry(name, PartitionKey.Of(name, log.Partitions), _metrics.Count);
                _metrics.Add(point.Metric, metric);
            }

            var canonical = SeriesKey.Encode([new Tag(point.TagName, point.TagValue)]);
            series = new SeriesEntry(metric, SeriesKey.Hash(canonical), canonical);
            _series.Add((point.Metric, point.Series), series);
            return series;
        }
    }
}
