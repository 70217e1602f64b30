using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

// What is done from time to time: finding out that the stream has stopped, closing windows without traffic, and single aggregators
// that lost slices or failed.
internal sealed partial class PartitionRouter
{
    private const int MaxCatchingUpAtOnce = 16;

    private long _positionAtLastMaintenance;

    /// <summary>A position of the log that the stream did not bring; and where reading brought nothing although it was known.</summary>
    private long _knownBeyond;
    private long _readNothingAt = -1;

    /// <summary>One turn of upkeep, of bounded work; to be called every <see cref="MaintenancePeriod"/>.</summary>
    public async Task MaintainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var head = await _log.GetHeadAsync(_partition, cancellationToken);
            var waits = head.Position > _position && _positionAtLastMaintenance == _position;
            if (waits)
            {
                // The stream has had a second to deliver and did not.
                _knownBeyond = head.Position;
                StartReplay();
            }

            _positionAtLastMaintenance = _position;
            var now = Now;
            var closes = head.Position == _position && now >= _routes.NextCloseAt && _watermark < _routes.NextCloseAt;

            // The newest records are there and cannot be read: the next one that can is what tells.
            var unreadable = waits && _readNothingAt == _position;
            if (closes || unreadable)
            {
                var heartbeat = new LogAppend(_partition, PointBatchWriter.Heartbeat("heartbeat"u8, now), points: 0);
                await _log.AppendAsync([heartbeat], cancellationToken);
            }

            // Not while records are routed again: their metrics may be about to get what they lack. But also while the partition reads the log
            // rather than the stream, which lasts for as long as records come fast enough.
            if (AllCountedIsRouted)
            {
                foreach (var route in _routes.All.Where(route => route.Stalled && route.RetryAt <= now).Take(MaxCatchingUpAtOnce).ToList())
                {
                    await CatchUpAsync(route, cancellationToken);
                }

                await SendBarriersAsync();
                await CloseWindowsAsync();
                await ClearForgottenAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            LogMaintenanceFailed(exception, _partition);
        }
    }

    /// <summary>
    /// An aggregator was activated at a position; one that had confirmed a later one is behind, and catches up; one whose metric is forgotten is cleared. May come in the middle of a turn: what was
    /// sent to the aggregator then is answered as behind, or is applied and skipped when it is sent again.
    /// </summary>
    /// <returns>Whether it is not behind.</returns>
    public bool AggregatorActivated(string metric, long position, long begin)
    {
        if (_routes.Find(metric) is not { } route)
        {
            if (position > 0 && position <= _forgottenThrough)
            {
                // Written by a stale activation after the metric was forgotten.
                _forgetting.TryAdd(metric, _forgottenThrough);
            }

            return true;
        }

        if (!route.Stalled && (position < route.Confirmed || (begin != route.Begin && route.Confirmed > 0)))
        {
            LogAggregatorBehind(metric, _partition, position, route.Confirmed);
            route.Aggregator.GrainIsAt(position);
            route.Stall(Now);
            _host.HastenMaintenance();
        }

        return !route.Stalled;
    }

    /// <summary>Sends a stalled aggregator the slices that it lacks: a bounded part of the log per turn, until it has caught up.</summary>
    private async Task CatchUpAsync(MetricRoute route, CancellationToken cancellationToken)
    {
        try
        {
            if (route.ReplayedTo < 0)
            {
                var stands = await route.Aggregator.Grain.GetStatus();
                if (stands.Begin > route.Begin)
                {
                    // Another activation of this partition has forgotten the metric.
                    route.RetryFailed(Now);
                    return;
                }

                route.CatchUpFrom(stands, _checkpoint, _ledger.CountedThrough);
            }

            if (route.ReplayedTo < _position && !await ResendAsync(route, cancellationToken))
            {
                route.RetryFailed(Now);
                return;
            }

            if (route.ReplayedTo < _position)
            {
                return;
            }

            var status = await route.Aggregator.Grain.Advance(route.Begin, route.Confirmed, _watermark);
            if (!status.Applied)
            {
                route.RetryFailed(Now);
                return;
            }

            route.WatermarkConfirmed(_watermark, status, _ledger.CountedThrough);
            route.Resume();
            _routes.RefreshNextClose();
            LogAggregatorCaughtUp(route.Name, _partition, _position);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            route.RetryFailed(Now);
            LogAggregatorFailed(exception, route.Name, _partition, route.ReplayedTo);
        }
    }

    /// <returns>False when the aggregator has fallen back meanwhile.</returns>
    private async Task<bool> ResendAsync(MetricRoute route, CancellationToken cancellationToken)
    {
        var records = await _log.ReadAsync(_partition, route.ReplayedTo, MaxReadBytes, cancellationToken);
        foreach (var record in records)
        {
            if (record.Position > _position)
            {
                break;
            }

            // Marked before the slice is sent: the aggregator may take it, and go on from there, although the answer gets lost.
            MarkMissing(route, record.Position - 1, record.Position);
            if (!await ResendSliceAsync(route, record))
            {
                return false;
            }

            route.ReplayedTo = record.Position;
        }

        _statistics.RecordsReplayed(records.Count);
        if (records.Count == 0 || records[^1].Position > _position)
        {
            MarkMissing(route, _position, _position);
            route.ReplayedTo = _position;
        }

        return true;
    }

    /// <summary>If records that this partition has routed are gone now, the aggregator may have lacked them.</summary>
    private static void MarkMissing(MetricRoute route, long last, long position)
    {
        if (route.ReplayedTo < last)
        {
            route.Gap = Math.Max(route.Gap, position);
        }
    }

    private async Task<bool> ResendSliceAsync(MetricRoute route, LogRecord record)
    {
        // A batch that cannot be read was set aside when its turn came.
        if (!PointBatch.TryParse(record.Payload, out var batch, out _) || !batch.TryGetSlice(route.Name, out var slice))
        {
            return true;
        }

        // The aggregator may be lost, and be back from its snapshot, between any two slices.
        var status = await route.Aggregator.Grain.Apply(new MetricSlice
        {
            Position = record.Position,
            Previous = route.Confirmed,
            Watermark = record.IngestedAt,
            Bytes = slice,
            Begin = route.Begin,
        });
        if (status.Applied)
        {
            route.SliceConfirmed(record.Position, status, _ledger.CountedThrough);
        }

        return status.Applied;
    }

    /// <summary>
    /// Closes the windows that the watermark has passed already: those of an aggregator that had closed them, but was lost before a snapshot said so.
    /// </summary>
    private async Task CloseWindowsAsync()
    {
        if (_watermark < _routes.NextCloseAt)
        {
            return;
        }

        foreach (var route in _routes.All.Where(route => route.NextCloseAt <= _watermark && !route.Stalled).Take(MaxBarriersAtOnce).ToList())
        {
            try
            {
                var status = await route.Aggregator.Advance(route.Begin, route.Confirmed, _watermark);
                if (status.Applied)
                {
                    route.WatermarkConfirmed(_watermark, status, _ledger.CountedThrough);
                }
                else
                {
                    LogAggregatorBehind(route.Name, _partition, status.Position, _position);
                    route.Stall(Now);
                }
            }
            catch (Exception exception)
            {
                AggregatorFailed(route, _position, exception);
            }
        }

        _routes.RefreshNextClose();
    }
}
