using System.Net.Sockets;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Node;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;

namespace OrleansMetrics.Faults.Runs;

/// <summary>Does the faults of a schedule to a node.</summary>
internal sealed class NodeFaults(NodeProcess node, DataVolume volume, SentRequests requests, LoadPace pace, FaultDiary diary, int seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(2);

    private readonly Random _random = new(seed);
    private FaultSettings _current = new();
    private bool _lingering;

    public async Task DoAsync(NodeFaultStep step)
    {
        diary.Note(step.ToString());
        var endsLingering = _lingering;
        _lingering = step.Lingers;
        await DoFaultAsync(step);
        if (endsLingering || !step.Lingers)
        {
            _lingering = false;
            await ClearAsync();
        }
    }

    private Task DoFaultAsync(NodeFaultStep step) => step.Fault switch
    {
        NodeFault.Kill => KillAsync(),
        NodeFault.Terminate => TerminateAsync(),
        NodeFault.KillDuringStart => KillDuringStartAsync(step),
        NodeFault.DieInSnapshot => DieAsync(_current with { Snapshots = Death(step, step.Scale(1, 12), "aggregator") }),
        NodeFault.DieInCheckpoint => DieAsync(_current with { Snapshots = Death(step, step.Scale(1, 4), "partition") }),
        NodeFault.DieInAppend => DieAsync(_current with { Log = Death(step, step.Scale(1, 20), "log") }),
        NodeFault.StartOnFullDisk => StartOnFullDiskAsync(),
        NodeFault.Pause => PauseAsync(step),
        NodeFault.SnapshotErrors => SetForAWhileAsync(_current with { Snapshots = Errors(step) }),
        NodeFault.SnapshotDelays => SetForAWhileAsync(_current with { Snapshots = new StoreFaults { DelayMilliseconds = step.Scale(20, 400) } }),
        NodeFault.ReadErrors => FailReadsAsync(step),
        NodeFault.AppendErrors => SetForAWhileAsync(_current with { Log = Errors(step) }),
        NodeFault.AppendDelays => SetForAWhileAsync(_current with { Log = new StoreFaults { DelayMilliseconds = step.Scale(10, 100) } }),
        NodeFault.LogFull => FillLogAsync(),
        NodeFault.DiskFull => FillDiskAsync(),
        NodeFault.ClockStep => StepClockAsync(step),
        NodeFault.Deactivate => DeactivateAsync(step.Scale(1, 8)),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "An unknown fault."),
    };

    private static StoreFaults Errors(NodeFaultStep step)
    {
        var share = step.Scale(20, 80) / 100.0;
        return step.AfterEffect ? new StoreFaults { FailAfter = share } : new StoreFaults { FailBefore = share / 2, FailAfter = share / 4 };
    }

    private static StoreFaults Death(NodeFaultStep step, int write, string state) =>
        new() { DieInWrite = write, DieAfterEffect = step.AfterEffect, DieInState = state };

    private async Task KillAsync()
    {
        await node.KillAsync();
        await RestartAsync();
    }

    private async Task TerminateAsync()
    {
        var isWell = _current.Snapshots == StoreFaults.None && _current.Log == StoreFaults.None;
        var code = await node.TerminateAsync();
        if (code != 0)
        {
            requests.Violations.Enqueue($"The node ended with {code} when it was told to stop.");
        }

        if (isWell && !node.SaidBalanced)
        {
            requests.Violations.Enqueue("The node did not say at its end that it is drained and balanced.");
        }

        await RestartAsync();
    }

    private async Task KillDuringStartAsync(NodeFaultStep step)
    {
        await node.KillAsync();
        node.Launch();
        await Task.Delay(node.StartTime * (step.Scale(15, 105) / 100.0));
        await node.KillAsync();
        await RestartAsync();
    }

    private async Task DieAsync(FaultSettings settings)
    {
        try
        {
            await SetAsync(settings);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            // It was in such a write already, and died before it answered.
        }

        await Eventually.RequireAsync("The node dies in a write", () => node.HasExited, Patience);
        await node.WaitForExitAsync();
        await RestartAsync();
    }

    private async Task StartOnFullDiskAsync()
    {
        await node.KillAsync();
        if (volume.CannotBeFilled is { } reason)
        {
            diary.Note($"(started with room: {reason})");
            await RestartAsync();
            return;
        }

        volume.Fill();
        try
        {
            await node.StartAsync();
            diary.Note("it started");
            await node.KillAsync();
        }
        catch (InvalidOperationException exception)
        {
            diary.Note(exception.Message);
        }
        finally
        {
            volume.Free();
        }

        await RestartAsync();
    }

    private async Task PauseAsync(NodeFaultStep step)
    {
        node.Stop();
        try
        {
            await Task.Delay(step.Scale(100, 900));
        }
        finally
        {
            node.Continue();
        }
    }

    private async Task FailReadsAsync(NodeFaultStep step)
    {
        var share = step.Scale(20, 70) / 100.0;
        await SetAsync(_current with { Snapshots = new StoreFaults { FailReads = share }, Log = new StoreFaults { FailReads = share } });
        await DeactivateAsync(6);
        await SomeRequestsAsync(15);
    }

    private async Task FillLogAsync()
    {
        await SetAsync(_current with { Snapshots = new StoreFaults { FailBefore = 1 } });
        pace.IsBurst = true;
        try
        {
            var refused = requests.Refused;
            await Eventually.RequireAsync("The log at its bound refuses", () => requests.Refused >= refused + 5, Patience);
        }
        finally
        {
            pace.IsBurst = false;
        }
    }

    private async Task FillDiskAsync()
    {
        if (volume.CannotBeFilled is { } reason)
        {
            diary.Note($"(skipped: {reason})");
            return;
        }

        volume.Fill();
        try
        {
            var refused = requests.Refused;
            var seen = await Eventually.HoldsAsync(() => requests.Refused >= refused + 5, ShortPatience);
            diary.Note(seen ? "the full disk refuses requests" : "the full disk was not noticed");
        }
        finally
        {
            volume.Free();
        }
    }

    private async Task StepClockAsync(NodeFaultStep step)
    {
        var by = TimeSpan.FromMilliseconds(step.Scale(500, 15_000) * (step.AfterEffect ? 1 : -1));
        var offset = node.ClockOffset + by;
        node.ClockOffset = TimeSpan.FromTicks(Math.Clamp(offset.Ticks, TimeSpan.FromSeconds(-30).Ticks, TimeSpan.FromSeconds(60).Ticks));
        diary.Note($"the clock is {node.ClockOffset.TotalSeconds:F1} s ahead");
        await SetAsync(_current);
    }

    private async Task DeactivateAsync(int grains)
    {
        var metrics = LoadMetrics.All.ToArray();
        for (var i = 0; i < grains; i++)
        {
            // Not the flush grain: it comes back with its reminder, within a minute, and the small log of these runs is full long before.
            var (grain, key) = _random.Next(3) == 0
                ? ("partition", PartitionKey.Format(_random.Next(4)))
                : ("aggregator", metrics[_random.Next(metrics.Length)]);
            try
            {
                await node.DeactivateAsync(grain, key);
            }
            catch (Exception exception) when (exception is HttpRequestException or SocketException)
            {
                // A grain that cannot be activated now need not be deactivated.
            }
        }
    }

    private async Task SetForAWhileAsync(FaultSettings settings)
    {
        await SetAsync(settings);
        await SomeRequestsAsync(25);
    }

    // Refusals count: a fault may leave nothing to acknowledge.
    private Task SomeRequestsAsync(int count)
    {
        var before = requests.Acknowledged + requests.Refused;
        return Eventually.RequireAsync($"{count} requests are answered", () => requests.Acknowledged + requests.Refused >= before + count, Patience);
    }

    private async Task RestartAsync()
    {
        _current = new FaultSettings();
        await node.StartAsync();
        diary.Note($"started again in {node.StartTime.TotalSeconds:F1} s");
    }

    private Task ClearAsync() => _current.Snapshots == StoreFaults.None && _current.Log == StoreFaults.None ? Task.CompletedTask : SetAsync(new FaultSettings());

    private Task SetAsync(FaultSettings settings)
    {
        _current = settings with { ClockOffsetMilliseconds = (long)node.ClockOffset.TotalMilliseconds };
        return node.SetFaultsAsync(_current);
    }
}
