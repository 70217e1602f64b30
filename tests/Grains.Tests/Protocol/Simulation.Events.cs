namespace OrleansMetrics.Grains.Tests.Protocol;

// What happens besides the calls under way.
internal sealed partial class Simulation
{
    internal void Append()
    {
        var record = Model.Batch(Random, MaxMetrics, _silent, Expires ? Now : Model.MarkerTime, HasKinds, ref _slices, Now);
        Log.Append(record.Payload, record.Points, Now, record.Slices);
        Note($"append {Log.Head.Position}: {string.Join(", ", record.Slices.Select(static s => $"{s.Key}#{s.Value.Number}"))} at {Log.Head.IngestedAt}");
    }

    internal void AppendPoison()
    {
        Log.Append("not a batch"u8.ToArray(), 3, Now, new Dictionary<string, SentSlice>(), poison: true);
        Note($"append {Log.Head.Position}: poison");
    }

    internal void Deliver()
    {
        var kind = Random.Next(100);
        var record = kind < 85 ? Log.Next(_streamedTo) : Log.Any(Random.Next(100));
        if (record is null)
        {
            return;
        }

        if (kind < 85)
        {
            _streamedTo = record.Record.Position;
        }

        if (kind >= 80 && kind < 85)
        {
            Seen("delivery dropped");
            return;
        }

        var partition = Partition();
        Note($"deliver {record.Record.Position} to {partition.Name}");
        _ = Late(() => partition.Receive(
            async () =>
            {
                await partition.Router.RecordArrivedAsync(record.Record);
                return true;
            },
            interleave: false));
    }

    internal void Maintain()
    {
        foreach (var partition in _activations.OfType<SimulatedPartition>().Append(Partition()).Distinct().Where(static one => one is { Alive: true, Ready: true, IsIdle: true }).ToList())
        {
            Note($"maintain {partition.Name}");
            partition.Enqueue(() => partition.Router.MaintainAsync(CancellationToken.None));
        }
    }

    internal void FireReplays()
    {
        foreach (var partition in _activations.OfType<SimulatedPartition>().Where(static one => one is { Alive: true, Ready: true, ReplayDue: true }).ToList())
        {
            Note($"replay {partition.Name}");
            Seen("replay");
            partition.ReplayDue = false;
            partition.Enqueue(() => partition.Router.ReplayAsync(CancellationToken.None));
        }
    }

    internal void Flush()
    {
        if (!_flush.IsIdle)
        {
            return;
        }

        var flush = _flush;
        Note($"flush {flush.Name}");
        flush.Enqueue(() => Late(flush.Rounds.RunAsync));
    }

    internal void AdvanceTime()
    {
        var leaps = Random.Next(Forgets ? 3 : 10) == 0;
        Time.Advance(TimeSpan.FromMilliseconds(leaps ? 40_000 : Random.Next(1, 900)));
        if (leaps && Expires)
        {
            _silent = Random.Next(1 << MaxMetrics);
        }
    }

    internal void KillAggregator() => Kill(AnyAggregator());

    internal void KillPartition() => Kill(_partition);

    /// <summary>The flush grain is lost, or another one starts while it goes on.</summary>
    internal void ReplaceFlush()
    {
        if (Random.Next(2) == 0)
        {
            Kill(_flush);
        }

        _flush = Add(new SimulatedFlush(this, ++_activated));
    }

    internal void KillAll()
    {
        Note("kill everything");
        foreach (var activation in _activations.Where(static one => one.Alive).ToList())
        {
            Kill(activation);
        }

        _flush = Add(new SimulatedFlush(this, ++_activated));
        Seen("everything killed");
    }

    internal void DeactivateAggregator() => Deactivate(AnyAggregator());

    internal void DeactivatePartition() => Deactivate(_partition);

    internal void EndRequested()
    {
        foreach (var activation in _activations.Where(static one => one is { Alive: true, Ready: true, DeactivationRequested: true }).ToList())
        {
            Deactivate(activation);
        }
    }

    internal void DuplicateAggregator() => Duplicate(AnyAggregator());

    internal void DuplicatePartition() => Duplicate(_partition);

    internal void EndStale()
    {
        if (_activations.FirstOrDefault(static one => one is { Alive: true, Stale: true, Deactivating: false }) is { } stale)
        {
            if (Random.Next(3) == 0)
            {
                Kill(stale);
            }
            else
            {
                Deactivate(stale);
            }
        }
    }

    internal void FlushStale()
    {
        if (_activations.OfType<SimulatedAggregator>().FirstOrDefault(static one => one is { Alive: true, Ready: true, Stale: true, Deactivating: false }) is { } stale)
        {
            Note($"{stale.Name}, stale, flushes");
            stale.Enqueue(() => Late(stale.FlushAsync));
        }
    }

    internal void ToggleStorage()
    {
        Storage.Down = !Storage.Down;
        Note(Storage.Down ? "storage down" : "storage up");
    }

    internal void Reopen()
    {
        var lose = _faults.LosesTail && !Expires && Random.Next(2) == 0 ? Random.Next(1, 6) : 0;
        Model.TailLost(Log.Reopen(lose, Now));
        Seen(lose > 0 ? "gap with a lost tail" : "gap");
        Note($"the log is opened again with a gap, {lose} records lost: {Log.Head}");
    }

    internal void Damage()
    {
        if (!Expires && Log.Damage(Random.Next(100), newest: Random.Next(3) == 0))
        {
            Seen("record damaged");
            Note($"damaged: {string.Join(", ", Log.History.Values.Where(static r => r.Lost).Select(static r => r.Record.Position))}");
        }
    }

    private SimulatedAggregator? AnyAggregator()
    {
        var alive = _aggregators.Values.Where(static one => one is { Alive: true, Ready: true, Stale: false }).ToList();
        return alive.Count == 0 ? null : alive[Random.Next(alive.Count)];
    }

    private void Kill(SimulatedActivation? activation)
    {
        if (activation is { Alive: true })
        {
            Note($"kill {activation.Name}");
            activation.Kill();
        }
    }

    private void Duplicate(SimulatedActivation? activation)
    {
        if (activation is { Alive: true, Ready: true, Stale: false })
        {
            Note($"{activation.Name} is stale from now on, and goes on");
            Seen("duplicate");
            activation.Stale = true;
        }
    }

    private void Deactivate(SimulatedActivation? activation)
    {
        if (activation is not { Alive: true, Ready: true, Deactivating: false })
        {
            if (activation is { Alive: true, Ready: false })
            {
                Kill(activation);
            }

            return;
        }

        Note($"deactivate {activation.Name}");
        activation.Deactivating = activation.Stale = true;
        activation.Enqueue(async () =>
        {
            if (activation is SimulatedAggregator aggregator)
            {
                await Late(async () =>
                {
                    await aggregator.DeactivateAsync();
                    return true;
                });
            }
            else if (activation is SimulatedPartition partition)
            {
                await partition.Router.DeactivateAsync();
            }

            activation.Kill();
        });
    }
}
