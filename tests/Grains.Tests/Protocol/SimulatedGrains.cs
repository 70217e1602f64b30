using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Partitions;

namespace OrleansMetrics.Grains.Tests.Protocol;

internal sealed class SimulatedAggregator : SimulatedActivation
{
    private readonly Simulation _simulation;
    private readonly SimulatedChunks _chunks;

    public SimulatedAggregator(Simulation simulation, string metric, int number)
        : base($"{metric}/{number}")
    {
        Metric = metric;
        _simulation = simulation;
        State = new SimulatedState<SnapshotState>(simulation, this, metric, static state => new SnapshotState { Bytes = state.Bytes });
        _chunks = new SimulatedChunks(simulation, this, metric);
        History = !simulation.KeepsHistory ? null : new AggregatorHistory(simulation.History, _chunks, simulation.Statistics, simulation.Time);
        Aggregator = new PersistentAggregator(State, simulation.Settings, simulation.Statistics, () => DeactivationRequested = true, History);
    }

    public AggregatorHistory? History { get; }

    /// <summary>Flushes, and has chunks merged beside all else.</summary>
    public async Task<AggregatorStatus> FlushAsync()
    {
        var status = await Aggregator.FlushAsync();
        if (History?.BeginJob() is { } job)
        {
            _ = RunJobAsync(job);
        }

        return status;
    }

    /// <summary>Clears what storage has, and ends as the grain does.</summary>
    public async Task<bool> ForgetAsync(long through)
    {
        await Aggregator.ForgetAsync(through);
        DeactivationRequested |= Aggregator.Windows.Position == 0;
        return true;
    }

    public string Metric { get; }

    public SimulatedState<SnapshotState> State { get; }

    public PersistentAggregator Aggregator { get; }

    private async Task RunJobAsync(HistoryJob job)
    {
        var (created, output) = (false, (ChunkEntry?)null);
        try
        {
            (created, output) = await HistoryWork.RunAsync(job, _chunks);
        }
        catch (SimulatedFaultException)
        {
            _simulation.Seen("job failed");
        }

        History!.EndJob(job, created, output);
        _simulation.Seen(!created ? "job in vain" : job.Step == 0 ? "chunks merged" : "chunks rolled up");
    }
}

internal sealed class SimulatedPartition : SimulatedActivation, IPartitionHost
{
    public SimulatedPartition(Simulation simulation, int number)
        : base($"partition/{number}")
    {
        State = new SimulatedState<PartitionState>(simulation, this, Simulation.PartitionKey, static state => state);
        Router = new PartitionRouter(
            0, new SimulatedLogPort(simulation, this), State, metric => new AggregatorPort(simulation, this, metric), new LocalAggregators(), simulation.Time,
            simulation.Statistics, "silo", simulation, this);
    }

    public SimulatedState<PartitionState> State { get; }

    public PartitionRouter Router { get; }

    public bool ReplayDue { get; set; }

    void IPartitionHost.ScheduleReplay(TimeSpan due) => ReplayDue = true;

    void IPartitionHost.HastenMaintenance()
    {
        // Maintenance comes at any time anyway.
    }

    void IPartitionHost.Deactivate() => DeactivationRequested = true;
}

internal sealed class SimulatedFlush : SimulatedActivation
{
    public SimulatedFlush(Simulation simulation, int number)
        : base($"flush/{number}")
    {
        Rounds = new FlushRounds(
            0, new SimulatedLogPort(simulation, this), new PartitionPort(simulation, this), metric => new AggregatorPort(simulation, this, metric), 2, simulation);
        Activated();
    }

    public FlushRounds Rounds { get; }
}

/// <summary>A reference to an aggregator in somebody's hands.</summary>
internal sealed class AggregatorPort(Simulation simulation, SimulatedActivation caller, string metric) : IAggregatorIngestGrain
{
    public ValueTask<AggregatorStatus> Apply(MetricSlice slice) => new(simulation.Call(caller, $"{metric}.Apply({slice.Position}, after {slice.Previous}, begun at {slice.Begin})", () => simulation
        .AggregatorOf(metric).Run(to => to.Receive(
            () =>
            {
                var status = to.Aggregator.Apply(slice);
                simulation.Applied(to, slice, status);
                return Task.FromResult(status);
            },
            interleave: true))));

    public ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark) => new(simulation.Call(caller, $"{metric}.Advance({watermark}, after {previous})", () => simulation
        .AggregatorOf(metric).Run(to => to.Receive(() => Task.FromResult(to.Aggregator.Advance(begin, previous, watermark)), interleave: true))));

    public Task<AggregatorStatus> Flush() => simulation.Call(caller, $"{metric}.Flush()", () => simulation
        .AggregatorOf(metric).Run(static to => to.Receive(to.FlushAsync, interleave: false)));

    public Task Forget(long through) => simulation.Call(caller, $"{metric}.Forget({through})", () => simulation
        .AggregatorOf(metric).Run(to => to.Receive(() => to.ForgetAsync(through), interleave: false)));

    public ValueTask<HistoryView> GetHistory(long from, long to) => throw new NotSupportedException();

    public ValueTask<AggregatorStatus> GetStatus() => new(simulation.Call(caller, $"{metric}.GetStatus()", () => simulation
        .AggregatorOf(metric).Run(static to => to.Receive(() => Task.FromResult(to.Aggregator.Status(applied: true)), interleave: true))));
}

/// <summary>A reference to the partition in somebody's hands.</summary>
internal sealed class PartitionPort(Simulation simulation, SimulatedActivation caller) : IPartitionGrain
{
    public Task<PartitionStatus> GetStatus() => throw new NotSupportedException();

    public Task<MetricPage> ListMetrics(CatalogueQuery query) => throw new NotSupportedException();

    public Task<bool> AggregatorActivated(string metric, long position, long begin) => simulation.Call(caller, $"AggregatorActivated({metric}@{position})", () => simulation
        .Partition().Run(to => to.Receive(
            () => Task.FromResult(to.Router.AggregatorActivated(metric, position, begin)), interleave: true)));

    public Task<string[]> GetDirtyMetrics() => simulation.Call(caller, "GetDirtyMetrics()", () => simulation
        .Partition().Run(static to => to.Receive(() => Task.FromResult(to.Router.BeginFlush()), interleave: false)));

    public Task<long> Checkpoint(FlushedMetric[] flushed) => simulation.Call(caller, $"Checkpoint({string.Join(", ", flushed.Select(static f => $"{f.Metric}@{f.Status.Persisted}"))})", () => simulation
        .Partition().Run(to => to.Receive(() => to.Router.CheckpointAsync(flushed), interleave: false)));
}

internal static class Pipe
{
    public static TResult Run<T, TResult>(this T value, Func<T, TResult> next) => next(value);
}
