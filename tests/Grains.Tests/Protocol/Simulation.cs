using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>
/// One partition with its aggregators, its flush, its log and its storage, on one thread. Every call between them is a request and an
/// answer that wait until the scheduler, a random generator with a seed, picks them; between them it appends, delivers, breaks and kills.
/// The classes under test are the real ones.
/// </summary>
internal sealed partial class Simulation : ILogger
{
    public const string PartitionKey = "partition";
    private static readonly WindowSettings Windows = new(Size: 1_000, AllowedLateness: 500, Retained: 3, Quantiles: []);

    private const long Forever = 1_000_000_000_000_000;
    private const int MaxMetrics = 4;
    private const int QuietRounds = 8;
    private readonly Turns _turns = new();
    private readonly List<(string What, Action Run)> _pending = [];
    private readonly Dictionary<string, SimulatedAggregator> _aggregators = [];
    private readonly List<SimulatedActivation> _activations = [];
    private readonly StringBuilder? _trace;
    private readonly Faults _faults;
    private readonly LocalAggregators[] _silos;
    private SimulatedPartition? _partition;
    private SimulatedFlush _flush;
    private long _streamedTo;
    private int _slices;

    /// <summary>Metrics that nobody sends at present, a bit each.</summary>
    private int _silent;
    private int _activated;
    private bool _faultsOn = true;
    private Exception? _failure;

    public Simulation(int seed, bool trace)
    {
        Seed = seed;
        Random = new Random(seed);
        _faults = Faults.Any(Random);
        _silos = [.. Enumerable.Range(0, Random.Next(1, 4)).Select(static _ => new LocalAggregators())];
        Expires = Random.Next(2) == 0;
        Forgets = Expires && Random.Next(3) > 0;
        KeepsHistory = !Forgets || Random.Next(3) == 0;
        Settings = Windows with { CorrectFor = KeepsHistory ? Random.Next(3) * 1_300 : 0, MaxCorrected = Random.Next(4) == 0 ? Random.Next(1, 6) : int.MaxValue };
        Settings = Expires ? Settings with { Series = new SeriesLimits(2_500, Forgets ? int.MaxValue : Random.Next(3, 12)) } : Settings;
        HasKinds = Expires && Random.Next(2) == 0;
        _trace = trace ? new StringBuilder().AppendLine($"{_faults}{(Forgets ? KeepsHistory ? ", forgets" : ", forgets and has no history" : Expires ? ", expires" : "")}") : null;
        Model = new Model(this);
        var keep = Random.Next(2) == 0 && !Forgets ? Forever : 4_000;
        History = new HistorySettings([new HistoryTier(1_000, keep), new HistoryTier(3_000, Forgets ? 7_000 : Forever)], 1_000, Random.Next(5), 3_000, Random.Next(2) == 0 ? 400 : 1 << 20, 4, 500);
        _flush = Add(new SimulatedFlush(this, ++_activated));
    }

    public int Seed { get; }

    public Random Random { get; }

    /// <summary>Series expire soon. No record is lost then: which slices a snapshot has is told by comparing it with a plain run.</summary>
    public bool Expires { get; }

    /// <summary>Slices name kinds, not always the same ones.</summary>
    public bool HasKinds { get; }

    /// <summary>Where a new activation is: what is on one silo may go there without messages.</summary>
    public LocalAggregators AnySilo() => _silos[Random.Next(_silos.Length)];

    /// <summary>Chunks expire too, so that metrics are forgotten.</summary>
    public bool Forgets { get; }

    /// <summary>Final windows go into chunks; without, metrics are forgotten earlier and meet more.</summary>
    public bool KeepsHistory { get; }

    public WindowSettings Settings { get; }

    public HistorySettings History { get; }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_000_000));

    public SimulatedStorage Storage { get; } = new();

    public SimulatedLog Log { get; } = new();

    public SiloStatistics Statistics { get; } = new();

    public Model Model { get; }

    /// <summary>How often each interesting thing happened.</summary>
    public Dictionary<string, int> Coverage { get; } = [];

    /// <summary>True while the simulation itself asks, rather than one of its grains.</summary>
    public bool Looking { get; private set; }

    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public string Trace => _trace?.ToString() ?? "";

    /// <summary>Runs to the end, and throws what went wrong.</summary>
    public void Run(int steps)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_turns);
        try
        {
            for (var step = 0; step < (KeepsHistory ? steps : 3 * steps); step++)
            {
                Step();
                Check();
            }

            Settle();
            Model.CheckEnd(StatusOf(_partition!), _aggregators);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public void Seen(string what) => Coverage[what] = Coverage.GetValueOrDefault(what) + 1;

    /// <summary>A request, and its answer, as steps of their own. Either may get lost.</summary>
    public Task<T> Call<T>(SimulatedActivation caller, string what, Func<Task<T>> effect)
    {
        var answer = new TaskCompletionSource<T>();
        _pending.Add((caller.Name + ": " + what, () => Request(caller, what, effect, answer)));
        return answer.Task;
    }

    public SimulatedAggregator AggregatorOf(string metric)
    {
        if (_faultsOn && Random.NextDouble() < 0.2
            && _activations.OfType<SimulatedAggregator>().FirstOrDefault(one => one.Stale && one.Alive && one.Metric == metric) is { } stale)
        {
            Seen("call to a stale aggregator");
            return stale;
        }

        if (!_aggregators.TryGetValue(metric, out var aggregator) || !aggregator.Alive || aggregator.Stale)
        {
            aggregator = Add(new SimulatedAggregator(this, metric, ++_activated));
            _aggregators[metric] = aggregator;
            Activate(aggregator, async () =>
            {
                await aggregator.State.ReadStateAsync();
                await aggregator.Aggregator.ActivateAsync(moved: null, CancellationToken.None);
                _ = new PartitionPort(this, aggregator).AggregatorActivated(metric, aggregator.Aggregator.Windows.Position, aggregator.Aggregator.Windows.Begin);
            });
        }

        return aggregator;
    }

    public SimulatedPartition Partition()
    {
        if (_faultsOn && Random.NextDouble() < 0.1 && _activations.OfType<SimulatedPartition>().FirstOrDefault(static one => one.Stale && one.Alive && one.Ready) is { } stale)
        {
            Seen("call to a stale partition");
            return stale;
        }

        if (_partition is null || !_partition.Alive || _partition.Stale)
        {
            var partition = _partition = Add(new SimulatedPartition(this, ++_activated));
            Activate(partition, async () =>
            {
                await partition.State.ReadStateAsync();
                await partition.Router.ActivateAsync(CancellationToken.None);
            });
        }

        return _partition;
    }

    public void Applied(SimulatedAggregator to, MetricSlice slice, AggregatorStatus status)
    {
        if (!status.Applied)
        {
            Seen("slice refused: behind");
        }
        else if (to.State.Writing && status.Position == slice.Position)
        {
            Seen("slice applied during a flush");
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Seen(eventId.Name ?? "a message without a name");
        _trace?.AppendLine($"      {formatter(state, exception)} {exception?.Message}");
    }

    private T Add<T>(T activation)
        where T : SimulatedActivation
    {
        _activations.Add(activation);
        return activation;
    }

    private static async void Activate(SimulatedActivation activation, Func<Task> activate)
    {
        try
        {
            await activate();
            activation.Activated();
        }
        catch (SimulatedFaultException)
        {
            activation.Kill();
        }
    }

    private void Request<T>(SimulatedActivation caller, string what, Func<Task<T>> effect, TaskCompletionSource<T> answer)
    {
        var fault = _faultsOn && Random.NextDouble() < _faults.Calls ? Random.Next(4) : -1;
        if (fault >= 2)
        {
            Answer(caller, what + " failed", () => answer.TrySetException(new SimulatedFaultException($"{what} failed")));
            if (fault == 3)
            {
                Seen("effect after the failure");
                _pending.Add((caller.Name + ": late " + what, () => _ = Late(effect)));
            }

            return;
        }

        _ = Finish(caller, what, effect, answer, failAfter: fault == 0);
    }

    private async Task Late<T>(Func<Task<T>> effect)
    {
        try
        {
            await effect();
        }
        catch (Exception exception) when (exception is SimulatedFaultException or Orleans.Storage.InconsistentStateException)
        {
            // Nobody waits for it any more.
        }
        catch (Exception exception)
        {
            _failure ??= exception;
        }
    }

    private async Task Finish<T>(SimulatedActivation caller, string what, Func<Task<T>> effect, TaskCompletionSource<T> answer, bool failAfter)
    {
        try
        {
            var result = await effect();
            if (failAfter)
            {
                Seen("failure after the effect");
                Answer(caller, what + " done, failed", () => answer.TrySetException(new SimulatedFaultException($"{what}: the answer got lost")));
            }
            else
            {
                Answer(caller, what + " done", () => answer.TrySetResult(result));
            }
        }
        catch (Exception exception) when (exception is SimulatedFaultException or Orleans.Storage.InconsistentStateException)
        {
            Answer(caller, what + ": " + exception.Message, () => answer.TrySetException(exception));
        }
        catch (Exception exception)
        {
            _failure ??= exception;
        }
    }

    private void Answer(SimulatedActivation caller, string what, Action deliver) => _pending.Add((caller.Name + " < " + what, () =>
    {
        if (caller.Alive)
        {
            deliver();
        }
    }));

    private void Step()
    {
        if (_pending.Count > 0 && (Random.Next(100) < 70 || _pending.Count > 40))
        {
            RunPending();
            return;
        }

        _faults.Pick(Random)(this);
        _turns.Drain();
    }

    private void RunPending()
    {
        // Mostly the oldest: long chains would never end otherwise.
        var index = Random.Next(100) < 60 ? 0 : Random.Next(_pending.Count);
        var (what, run) = _pending[index];
        _pending.RemoveAt(index);
        _trace?.AppendLine($"  {what}");
        run();
        _turns.Drain();
    }

    private void Note(string what) => _trace?.AppendLine(what);

    private PartitionStatus StatusOf(SimulatedPartition partition)
    {
        Looking = true;
        var status = partition.Router.GetStatusAsync();
        Looking = false;
        Assert.True(status.IsCompletedSuccessfully);
        return status.Result;
    }

    private void Check()
    {
        if (_failure is not null)
        {
            throw new InvalidOperationException(_failure.Message, _failure);
        }

        foreach (var aggregator in _activations.OfType<SimulatedAggregator>().Where(static one => one.Alive && one.SentTo < one.Aggregator.Windows.Position))
        {
            aggregator.SentTo = aggregator.Aggregator.Windows.Position;
            Seen(aggregator.Stale ? "slice applied without a message, by a stale aggregator" : "slice applied without a message");
        }

        if (_partition is { Alive: true, Ready: true, Stale: false } partition)
        {
            Model.CheckLedger(StatusOf(partition));
        }
    }

    /// <summary>
    /// No more faults, but for activations that are lost without traffic, for a while: everything must come to rest, with everything persisted and
    /// the log empty.
    /// </summary>
    private void Settle()
    {
        Note("-- no more faults");
        _faultsOn = false;
        Storage.Down = false;
        foreach (var stale in _activations.Where(static one => one is { Alive: true, Stale: true }).ToList())
        {
            Deactivate(stale);
        }

        if (_faults.Damages && !Expires && Random.Next(3) == 0)
        {
            Damage();
        }

        var planted = false;
        for (var round = 0; ; round++)
        {
            while (_pending.Count > 0)
            {
                if (round < QuietRounds && Random.Next(50) == 0)
                {
                    KillAll();
                }

                RunPending();
                Check();
            }

            if (_partition is { Alive: true, Ready: true, Stale: false } && round >= QuietRounds && IsSettled(StatusOf(_partition)))
            {
                if (!Forgets || planted || !PlantSnapshots())
                {
                    return;
                }

                planted = true;
            }

            Assert.True(round < 500, $"it does not come to rest: {(_partition is null ? "no partition" : StatusOf(_partition))}; {Model.WhatIsOpen(_aggregators)}");
            EndRequested();
            FireReplays();
            foreach (var metric in round % 10 == 9 ? Model.LeftBehind() : [])
            {
                // Somebody asks for it.
                AggregatorOf(metric);
            }

            if (_pending.Count == 0)
            {
                switch (round < QuietRounds ? Random.Next(6) : -1)
                {
                    case 0 or 1:
                        KillAggregator();
                        break;
                    case 2:
                        KillAll();
                        break;
                }

                Time.Advance(TimeSpan.FromSeconds(2));
                Maintain();
                Flush();
            }
        }
    }

    /// <summary>Puts old snapshots of forgotten metrics back, as an activation does that was stale for long; some of the metrics come back.</summary>
    private bool PlantSnapshots()
    {
        var any = false;
        foreach (var (metric, snapshot) in Model.OldSnapshots)
        {
            if (_aggregators.TryGetValue(metric, out var active) && active.Alive)
            {
                Kill(active);
            }

            Storage.Write(metric, null, new SnapshotState { Bytes = snapshot });
            Note($"an old snapshot of {metric} is there again");
            Seen("snapshot of what is forgotten");
            any = true;
        }

        if (any && Random.Next(2) == 0)
        {
            Append();
        }

        return any;
    }

    private bool IsSettled(PartitionStatus status) => status is { Stalled: 0, InFlight: 0, Replaying: false }
        && status.Position == status.Head && status.Checkpoint == status.Head && Log.Head.TrimmedTo == status.Head
        && Model.AllClosed(_aggregators) && Model.AllForgotten() && _activations.All(static one => !one.Alive || !one.DeactivationRequested);
}
