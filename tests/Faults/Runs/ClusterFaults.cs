using Orleans;
using Orleans.Core.Internal;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Faults.Clusters;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.Partitions;

namespace OrleansMetrics.Faults.Runs;

/// <summary>Does the faults of a schedule to a cluster.</summary>
internal sealed class ClusterFaults(
    FaultCluster cluster, IReadOnlyList<ClusterGateway> gateways, SentRequests requests, FaultDiary diary, int silos, int seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private readonly Random _random = new(seed);

    public async Task DoAsync(ClusterFaultStep step)
    {
        diary.Note(step.ToString());
        var wasMissing = cluster.Silos.Count < silos;
        await DoFaultAsync(step);
        if (wasMissing)
        {
            await cluster.AddSiloAsync();
            diary.Note($"a silo is back: {string.Join(", ", cluster.Silos)}");
        }
    }

    /// <summary>No fault is left and no silo missing.</summary>
    public async Task EndAsync()
    {
        while (cluster.Silos.Count < silos)
        {
            await cluster.AddSiloAsync();
        }
    }

    private Task DoFaultAsync(ClusterFaultStep step) => step.Fault switch
    {
        ClusterFault.KillSilo => EndSiloAsync(isKill: true, isBackAtOnce: true),
        ClusterFault.KillSiloForAWhile => EndSiloAsync(isKill: true, isBackAtOnce: false),
        ClusterFault.StopSilo => EndSiloAsync(isKill: false, isBackAtOnce: true),
        ClusterFault.Deactivate => ForSomeGrainsAsync(step.Scale(1, 10), static grain => grain.DeactivateOnIdle()),
        ClusterFault.Migrate => ForSomeGrainsAsync(step.Scale(1, 10), MigrateAsync),
        ClusterFault.SnapshotErrors => ForAWhileAsync([cluster.SnapshotFaults], Errors(step)),
        ClusterFault.SnapshotDelays => ForAWhileAsync([cluster.SnapshotFaults], new StoreFaults { DelayMilliseconds = step.Scale(20, 500) }),
        ClusterFault.ReadErrors => ForAWhileAsync(
            [cluster.SnapshotFaults, cluster.LogFaults],
            new StoreFaults { FailReads = step.Scale(20, 70) / 100.0 },
            () => ForSomeGrainsAsync(6, static grain => grain.DeactivateOnIdle())),
        ClusterFault.AppendErrors => ForAWhileAsync([gateways[_random.Next(gateways.Count)].LogFaults], Errors(step)),
        ClusterFault.ClockStep => StepClock(step),
        ClusterFault.Flush => FlushAsync(step.Scale(1, 6)),
        ClusterFault.ReopenGateway => gateways[_random.Next(gateways.Count)].ReopenAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "An unknown fault."),
    };

    private static StoreFaults Errors(ClusterFaultStep step)
    {
        var share = step.Scale(20, 80) / 100.0;
        return step.AfterEffect ? new StoreFaults { FailAfter = share } : new StoreFaults { FailBefore = share / 2, FailAfter = share / 4 };
    }

    private async Task EndSiloAsync(bool isKill, bool isBackAtOnce)
    {
        if (cluster.Silos.Count < 2)
        {
            diary.Note("(left out: the only silo)");
            return;
        }

        var silo = cluster.Silos[_random.Next(cluster.Silos.Count)];
        await (isKill ? cluster.KillAsync(silo) : cluster.StopAsync(silo));
        diary.Note($"{silo} has ended");
        if (isBackAtOnce)
        {
            await cluster.AddSiloAsync();
            diary.Note($"a silo is back: {string.Join(", ", cluster.Silos)}");
        }
    }

    private async Task ForSomeGrainsAsync(int count, Func<IGrainManagementExtension, ValueTask> act)
    {
        var metrics = LoadMetrics.All.ToArray();
        for (var i = 0; i < count; i++)
        {
            var partition = PartitionKey.Format(_random.Next(ClusterStores.Partitions));
            IAddressable grain = _random.Next(4) switch
            {
                0 => cluster.Grains.GetGrain<IPartitionGrain>(partition),
                1 => cluster.Grains.GetGrain<IFlushGrain>(partition),
                _ => cluster.Grains.GetGrain<IAggregatorIngestGrain>(metrics[_random.Next(metrics.Length)]),
            };
            await AllowFailureAsync(() => act(grain.AsReference<IGrainManagementExtension>()).AsTask());
        }
    }

    private ValueTask MigrateAsync(IGrainManagementExtension grain)
    {
        // Without a hint the grains stay where they are, which is where they are used.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.AddressOf(cluster.Silos[_random.Next(cluster.Silos.Count)]));
        return grain.MigrateOnIdle();
    }

    private async Task FlushAsync(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            await AllowFailureAsync(() => cluster.FlushAsync(_random.Next(ClusterStores.Partitions)));
        }
    }

    private async Task ForAWhileAsync(FaultInjector[] injectors, StoreFaults faults, Func<Task>? meanwhile = null)
    {
        foreach (var injector in injectors)
        {
            injector.Faults = faults;
        }

        try
        {
            await (meanwhile?.Invoke() ?? Task.CompletedTask);
            var before = requests.Acknowledged;
            await Eventually.RequireAsync("25 requests are acknowledged", () => requests.Acknowledged >= before + 25, Patience);
        }
        finally
        {
            foreach (var injector in injectors)
            {
                injector.Faults = StoreFaults.None;
            }
        }
    }

    private Task StepClock(ClusterFaultStep step)
    {
        var which = _random.Next(cluster.Silos.Count + gateways.Count);
        var (name, clock) = which < cluster.Silos.Count
            ? (cluster.Silos[which], cluster.ClockOf(cluster.Silos[which]))
            : ("a gateway", gateways[which - cluster.Silos.Count].Clock);
        clock.Offset = TimeSpan.FromMilliseconds(step.Scale(500, 20_000) * (step.AfterEffect ? 1 : -1));
        diary.Note($"the clock of {name} is {clock.Offset.TotalSeconds:F1} s ahead");
        return Task.CompletedTask;
    }

    // What is done to a grain may fail while a silo is dead or a store fails; what matters is what is counted in the end.
    private async Task AllowFailureAsync(Func<Task> act)
    {
        try
        {
            await act().WaitAsync(CallTimeout);
        }
        catch (Exception exception)
        {
            diary.Note($"({exception.GetType().Name}: {exception.Message.Split('\n')[0]})");
        }
    }
}
