using Orleans.Storage;

namespace OrleansMetrics.Grains.Partitions;

// What is persisted: by the aggregators, and of the partition itself.
internal sealed partial class PartitionRouter
{
    private long _checkpoint;
    private bool _changed;

    /// <summary>The metrics whose aggregators have something to persist.</summary>
    public string[] BeginFlush()
    {
        var dirty = _routes.All.Where(static route => route.Dirty).ToArray();
        foreach (var route in dirty)
        {
            route.FlushBegins();
        }

        return Array.ConvertAll(dirty, static route => route.Name);
    }

    /// <summary>Takes note of snapshots, persists the state, and returns the checkpoint up to which the log may be trimmed.</summary>
    /// <param name="flushed">May be of an earlier flush, or of one that another activation of this partition began.</param>
    public async Task<long> CheckpointAsync(FlushedMetric[] flushed)
    {
        ArgumentNullException.ThrowIfNull(flushed);
        foreach (var (metric, status) in flushed)
        {
            if (_routes.Find(metric) is not { } route)
            {
                continue;
            }

            if (status.Begin != route.Begin)
            {
                if (route.ConfirmedAtFlush > 0)
                {
                    route.Stall(Now);
                }

                continue;
            }

            if (status.Position < route.ConfirmedAtFlush)
            {
                // It was activated again from an older snapshot and no slice has told it so yet.
                route.Aggregator.GrainIsAt(status.Position);
                route.Stall(Now);
            }

            route.Flushed(status, _ledger.CountedThrough);
            _routes.Closes(route);
            _changed = true;
            if (status.Position >= route.LastSlice && status.Persisted == status.Position && SettleGap(route, status))
            {
                // What was compared is in a snapshot now, and cannot change any more.
                route.Gap = 0;
            }
        }

        await PersistAsync(forgets: true);
        return _checkpoint;
    }

    private async Task PersistAsync(bool forgets)
    {
        var checkpoint = _position;
        foreach (var route in _routes.All)
        {
            if (route.DirtySince > 0)
            {
                checkpoint = Math.Min(checkpoint, route.DirtySince - 1);
            }
        }

        checkpoint = Math.Max(checkpoint, _checkpoint);
        var leaving = forgets ? Forgettable(checkpoint) : [];
        if (!_changed && checkpoint == _checkpoint && leaving.Count == 0)
        {
            return;
        }

        state.State = ToState(checkpoint, leaving);
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            _host.Deactivate();
            throw;
        }

        _checkpoint = checkpoint;
        _changed = false;
        Forgotten(leaving);
    }
}
