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
    private readonly LocalAggregators _silo;

    public SimulatedAggregator(Simulation simulation, string metric, int number)
        : base($"{metric}/{number}")
    {
        Metric = metric;
        _simulation = simulation;
        State = new SimulatedState<SnapshotState>(simulation, this, metric, static state => new SnapshotState { Bytes = state.Bytes });
        _chunks = new SimulatedChunks(simulation, this, metric);
        History = !simulation.KeepsHistory ? null : new AggregatorHistory(simulation.History, _chunks, simulation.Statistics, simulation.Time);
        _silo = simulation.AnySilo();
        Aggregator = new PersistentAggregator(State, simulation.Settings, simulation.Statistics, () => DeactivationRequested = true, History);
        Local = new LocalAggregator(Aggregator);
    }

    public AggregatorHistory? History { get; }

    public LocalAggregator Local { get; }

    /// <summary>Last position that came by a message.</summary>
    public long SentTo { get; set; }

    public override void Activated()
    {
        SentTo = Aggregator.Windows.Position;
        _silo.Add(Metric, Local);
        base.Activated();
    }

    public override void Kill()
    {
        _silo.Remove(Metric, Local);
        base.Kill();
    }

    /// <summary>As the grain when it is deactivated.</summary>
    public Task DeactivateAsync()
    {
        _silo.Remove(Metric, Local);
        return Aggregator.FlushAsync();
    }

    /// <summary>A turn of the activation.</summary>
    public T InTurn<T>(Func<T> turn)
    {
        using (Local.BeginTurn())
        {
            return turn();
        }
    }

    /// <summary>Flushes, and has chunks merged beside all else.</summary>
    public async Task<AggregatorStatus> FlushAsync()
    {
        using var turn = Local.BeginTurn();
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
        using var turn = Local.BeginTurn();
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

        using var turn = Local.BeginTurn();
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
            0, new SimulatedLogPort(simulation, this), State, metric => new AggregatorPort(simulation, this, metric), simulation.AnySilo(), simulation.Time,
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
                var status = to.InTurn(() => to.Aggregator.Apply(slice));
                to.SentTo = to.Aggregator.Windows.Position;
                simulation.Applied(to, slice, status);
                return Task.FromResult(status);
            },
            interleave: true))));

    public ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark) => new(simulation.Call(caller, $"{metric}.Advance({watermark}, after {previous})", () => simulation
        .AggregatorOf(metric).Run(to => to.Receive(() => Task.FromResult(to.InTurn(() => to.Aggregator.Advance(begin, previous, watermark))), interleave: true))));

    public Task<AggregatorStatus> Flush() => simulation.Call(caller, $"{metric}.Flush()", () => simulation
        .AggregatorOf(metric).Run(static to => to.Receive(to.FlushAsync, interleave: false)));

    public Task Forget(long through) => simulation.Call(caller, $"{metric}.Forget({through})", () => simulation
        .AggregatorOf(metric).Run(to => to.Receive(() => to.ForgetAsync(through), interleave: false)));

    public ValueTask<HistoryView> GetHistory(long from, long to) => throw new NotSupportedException();

    public ValueTask<AggregatorStatus> GetStatus() => new(simulation.Call(caller, $"{metric}.GetStatus()", () => simulation
        .AggregatorOf(metric).Run(static to => to.Receive(() => Task.FromResult(to.InTurn(() => to.Aggregator.Status(applied: true))), interleave: true))));
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
