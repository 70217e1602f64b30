using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>
/// Makes a silo hold the partitions that live on it, and only those: wakes the ones it has been given, and has the grains of
/// the ones it has lost move on. Looks after every change of membership and once a second.
/// </summary>
/// <remarks>
/// Nothing depends on it for correctness: positions, ETags and replay make an activation on any silo exact. It only brings grains and
/// queues together, at once instead of with the next call. On a graceful stop it hands over between the moment when the
/// other silos are told and the moment when Orleans deactivates what is left.
/// </remarks>
internal sealed partial class PartitionKeeper(
    PartitionOwnership ownership,
    PartitionResidents residents,
    IClusterMembershipService membership,
    IClusterManifestProvider manifest,
    IGrainFactory grains,
    SiloStatistics statistics,
    TimeProvider time,
    ILogger<PartitionKeeper> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private const int QuietFailures = 4;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an activation stays at least. A silo that stops hands over as soon as it knows that it stops, perhaps before this one does: sent back at
    /// once, activations would meet themselves leaving there and wait for each other until calls time out.
    /// </summary>
    private static readonly TimeSpan LeastStay = TimeSpan.FromSeconds(2);

    /// <summary>How long the rest of a partition waits for its flusher to arrive. With slow storage that may still be busy here.</summary>
    private static readonly TimeSpan AheadPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HandoverPoll = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan HandoverPatience = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, Waking> _waking = [];
    private readonly Dictionary<int, (SiloAddress Owner, Task Arrival)> _ahead = [];
    private Task _work = Task.CompletedTask;

    /// <inheritdoc />
    public void Participate(ISiloLifecycle observer)
    {
        observer.Subscribe(nameof(PartitionKeeper), ServiceLifecycleStage.Active, StartAsync, StopWakingAsync);

        // In the stage in which the other silos are told that this one leaves: everything still runs, and nothing is deactivated yet.
        observer.Subscribe(nameof(PartitionKeeper), ServiceLifecycleStage.BecomeActive, static _ => Task.CompletedTask, HandOverAsync);
    }

    /// <inheritdoc />
    public void Dispose() => _stop.Dispose();

    private Task StartAsync(CancellationToken cancellationToken)
    {
        var stop = _stop.Token;
        _work = Task.Run(() => Task.WhenAll(WatchAsync(stop), TickAsync(stop), RunAsync(stop)), CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopWakingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _work;
        await Task.WhenAll(_waking.Values.Select(static waking => waking.Task).Concat(_ahead.Values.Select(static ahead => ahead.Arrival)));
    }

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(HandoverPatience);
        var started = time.GetTimestamp();
        try
        {
            while (ownership.IsActive)
            {
                await Task.Delay(HandoverPoll, time, patience.Token);
            }

            if (!ownership.HasOthers)
            {
                // The last one. Deactivation persists everything.
                return;
            }

            var moved = MoveStrangers(TimeSpan.Zero, flusherAhead: false);
            while (Enumerable.Range(0, residents.Partitions).Any(partition => residents.Of(partition).Any()))
            {
                await Task.Delay(HandoverPoll, time, patience.Token);
            }

            LogHandedOver(moved, time.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException)
        {
            LogHandoverTooSlow();
        }
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var _ in membership.MembershipUpdates.WithCancellation(stop))
            {
                _signal.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task TickAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                _signal.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await _signal.Reader.WaitToReadAsync(stop))
            {
                _signal.Reader.TryRead(out _);
                MoveStrangers(LeastStay, flusherAhead: true);
                WakeMissing(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    /// <summary>Has everything move on that lives elsewhere by now and has been here for a time; returns how many activations.</summary>
    private int MoveStrangers(TimeSpan stay, bool flusherAhead)
    {
        var moved = 0;
        for (var partition = 0; partition < residents.Partitions; partition++)
        {
            // A silo that has just joined takes activations once its manifest is known: until then they are better here than nowhere.
            if (ownership.OwnerOf(partition) is not { } owner || owner.Equals(ownership.LocalSilo) || !manifest.Current.Silos.ContainsKey(owner))
            {
                _ahead.Remove(partition);
                continue;
            }

            var leaving = residents.Of(partition, stay).ToList();
            if (leaving.Count == 0 || (flusherAhead && !FlusherHasArrived(partition, owner, leaving)))
            {
                continue;
            }

            var before = moved;
            foreach (var resident in leaving)
            {
                resident.Migrate(requestContext: null);
                moved++;
            }

            if (moved > before)
            {
                LogMoving(partition, owner, moved - before);
            }
        }

        return moved;
    }

    /// <summary>
    /// Sends a partition's flusher ahead, and says when it has arrived, or takes too long. A silo that has just started compiles for half a second what it needs to take an activation over: queries do not wait
    /// for a flusher, but for the others.
    /// </summary>
    private bool FlusherHasArrived(int partition, SiloAddress owner, List<IGrainContext> leaving)
    {
        if (!_ahead.TryGetValue(partition, out var ahead) || !ahead.Owner.Equals(owner))
        {
            if (residents.FlusherOf(partition) is { } flusher && leaving.Contains(flusher))
            {
                flusher.Migrate(requestContext: null);
            }

            _ahead[partition] = ahead = (owner, AwaitFlusherAsync(partition, _stop.Token));
        }

        return ahead.Arrival.IsCompleted;
    }

    private async Task AwaitFlusherAsync(int partition, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(AheadPatience);
        try
        {
            while (residents.IsAwake(partition))
            {
                await Task.Delay(HandoverPoll, time, patience.Token);
            }

            await grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)).Start().WaitAsync(patience.Token);
        }
        catch (Exception exception)
        {
            LogFlusherLate(exception, partition);
        }

        _signal.Writer.TryWrite(true);
    }

    private void WakeMissing(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        for (var partition = 0; partition < residents.Partitions; partition++)
        {
            if (!ownership.IsHere(partition) || residents.IsAwake(partition))
            {
                _waking.Remove(partition);
            }
            else if (!_waking.TryGetValue(partition, out var waking) || (waking.Task.IsCompleted && waking.RetryAt <= now))
            {
                var failures = waking?.Failures ?? 0;
                _waking[partition] = new Waking(
                    WakeAsync(partition, failures, stop), failures + 1, now + TimeSpan.FromMilliseconds(100 << Math.Min(failures, 6)));
            }
        }
    }

    private async Task WakeAsync(int partition, int failures, CancellationToken stop)
    {
        try
        {
            await grains.GetGrain<IFlushGrain>(PartitionKey.Format(partition)).Start().WaitAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The silo stops.
        }
        catch (Exception exception)
        {
            // While silos come and go a call may be sent to one that is gone; the next one finds its way.
            if (failures >= QuietFailures)
            {
                statistics.ErrorHandled();
                LogWakeFailed(exception, partition, failures + 1);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "Partition {Partition} lives on {Silo} now: {Activations} activations move there.")]
    private partial void LogMoving(int partition, SiloAddress silo, int activations);

    [LoggerMessage(LogLevel.Debug, "The flusher of partition {Partition} has not arrived yet; the rest follows it.")]
    private partial void LogFlusherLate(Exception exception, int partition);

    [LoggerMessage(LogLevel.Information, "Handed over {Activations} activations to the other silos in {Milliseconds:F0} ms.")]
    private partial void LogHandedOver(int activations, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "Not everything was handed over to the other silos in time; they activate the rest from snapshots and the log.")]
    private partial void LogHandoverTooSlow();

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} could not be activated for the {Attempt}th time; it is tried again.")]
    private partial void LogWakeFailed(Exception exception, int partition, int attempt);

    private sealed record Waking(Task Task, int Failures, DateTimeOffset RetryAt);
}
