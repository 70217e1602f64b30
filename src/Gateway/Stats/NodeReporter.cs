using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Health;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>Tells the cluster and, while there is traffic, the log of this process what the node has done.</summary>
public sealed partial class NodeReporter(
    IGrainFactory grains,
    GatewayId node,
    NodeRole role,
    IEnumerable<INodeCounters> counters,
    SeriesOverflow overflow,
    Lazy<DecidedKinds> kinds,
    ReadinessState readiness,
    TimeProvider time,
    ILogger<NodeReporter> logger) : BackgroundService, INodeReporter
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private static readonly string[] RoleNames = ["standalone", "silo", "gateway"];

    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private long _failures;

    /// <summary>The counters of this process now.</summary>
    public NodeStats Read() => counters.Aggregate(
        new NodeStats
        {
            Node = node.Name,
            Role = RoleNames[(int)role],
            StartedAt = _startedAt,
            ReportedAt = time.GetUtcNow(),
            Received = 0,
            Accepted = 0,
            Rejected = [],
            IgnoredFields = 0,
            Overloaded = 0,
            Processed = 0,
            Late = 0,
            Flushes = 0,
            Errors = Volatile.Read(ref _failures),
            InFlightBytes = 0,
            Repeated = 0,
        },
        static (stats, part) => part.AddTo(stats));

    /// <inheritdoc />
    public Task ReportNowAsync(CancellationToken cancellationToken) => grains.GetGrain<IClusterStatsGrain>(0).Report(Read(), cancellationToken);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        var before = Read();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = Read();
                if (now.Received != before.Received || now.Processed != before.Processed)
                {
                    LogTraffic(
                        now.Received, now.Accepted, now.Repeated, now.Rejected.Values.Sum(), now.Processed, now.Late, now.Flushes, now.Errors,
                        (now.Accepted - before.Accepted) / (now.ReportedAt - before.ReportedAt).TotalSeconds);
                }

                before = now;
                if (readiness.Phase != NodePhase.Starting)
                {
                    await TryReportAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task TryReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReportNowAsync(cancellationToken);
            var nodes = await grains.GetGrain<IClusterStatsGrain>(0).GetNodes(cancellationToken);
            kinds.Value.Update(nodes);
            if (role != NodeRole.Silo)
            {
                overflow.Update(nodes);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failures);
            LogReportFailed(exception);
        }
    }

    [LoggerMessage(LogLevel.Information,
        "Since start: received {Received}, accepted {Accepted}, repeated {Repeated}, rejected {Rejected}, processed {Processed}, late {Late}, flushes {Flushes}, errors {Errors}; {Rate:F0} points/s.")]
    private partial void LogTraffic(long received, long accepted, long repeated, long rejected, long processed, long late, long flushes, long errors, double rate);

    [LoggerMessage(LogLevel.Warning, "This node's statistics could not be reported to the cluster.")]
    private partial void LogReportFailed(Exception exception);
}
