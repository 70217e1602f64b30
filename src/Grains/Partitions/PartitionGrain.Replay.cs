using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

// What is read back from the log: by the partition when it is behind the head, and for single aggregators that lost slices.
public sealed partial class PartitionGrain
{
    private void StartReplay()
    {
        if (!_replaying)
        {
            _replaying = true;
            _replayTimer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task ReplayAsync(CancellationToken cancellationToken)
    {
        try
        {
            var records = await _log.ReadAsync(_partition, _position, MaxReadBytes, cancellationToken);
            foreach (var record in records)
            {
                await RouteAsync(record);
            }

            _statistics.RecordsReplayed(records.Count);
            if (records.Count == 0)
            {
                _replaying = false;
            }
            else
            {
                _replayTimer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            LogReplayFailed(exception, _partition, _position);
            _replayTimer?.Change(MaintenancePeriod, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task MaintainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var head = await _log.GetHeadAsync(_partition, cancellationToken);
            if (head.Position > _position && _headAtLastMaintenance == _position)
            {
                // The stream has had a second to deliver and did not.
                StartReplay();
            }

            _headAtLastMaintenance = _position;
            var now = Now;
            if (head.Position == _position && now >= _nextCloseAt && _watermark < _nextCloseAt)
            {
                var heartbeat = new LogAppend(_partition, PointBatchWriter.Heartbeat("heartbeat"u8, now), points: 0);
                await _log.AppendAsync([heartbeat], cancellationToken);
            }

            if (!_replaying)
            {
                foreach (var route in _routes.Values.Where(route => route.Stalled && route.RetryAt <= now).Take(16).ToList())
                {
                    await ResendAsync(route, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            LogMaintenanceFailed(exception, _partition);
        }
    }

    /// <summary>Sends a stalled aggregator the slices that it lacks: a bounded part of the log per turn, until it has caught up.</summary>
    private async Task ResendAsync(MetricRoute route, CancellationToken cancellationToken)
    {
        try
        {
            if (route.ReplayedTo < 0)
            {
                var status = await route.Aggregator.GetStatus();
                route.Observe(status);

                // Whatever the aggregator has not applied lies above the checkpoint, by the definition of the checkpoint.
                route.ReplayedTo = Math.Max(status.Position, _checkpoint);
            }

            var records = await _log.ReadAsync(_partition, route.ReplayedTo, MaxReadBytes, cancellationToken);
            foreach (var record in records)
            {
                if (record.Position > _position)
                {
                    break;
                }

                if (!await ResendSliceAsync(route, record))
                {
                    return;
                }

                route.ReplayedTo = record.Position;
            }

            _statistics.RecordsReplayed(records.Count);
            if (route.ReplayedTo >= _position)
            {
                route.WatermarkConfirmed(await route.Aggregator.Advance(route.Confirmed, _watermark));
                route.Resume();
                RefreshNextClose();
                LogAggregatorCaughtUp(route.Name, _partition, _position);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            route.RetryFailed(Now);
            LogAggregatorFailed(exception, route.Name, _partition, route.ReplayedTo);
        }
    }

    private async Task<bool> ResendSliceAsync(MetricRoute route, LogRecord record)
    {
        // A batch that cannot be read was set aside when its turn came.
        if (!PointBatch.TryParse(record.Payload, out var batch, out _) || !batch.TryGetSlice(route.Name, out var slice))
        {
            return true;
        }

        var status = await route.Aggregator.Apply(new MetricSlice
        {
            Position = record.Position,
            Previous = 0,
            Watermark = record.IngestedAt,
            Bytes = slice,
        });
        if (!status.Applied)
        {
            route.RetryFailed(Now);
            return false;
        }

        route.SliceConfirmed(record.Position, status);
        return true;
    }
}
