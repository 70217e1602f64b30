namespace OrleansMetrics.Grains.Partitions;

// What the partition reads back from the log because it is behind the head.
internal sealed partial class PartitionRouter
{
    private const int MaxReadBytes = 4 * 1024 * 1024;

    private bool _replaying;
    private long _replayingSince;

    /// <summary>One turn of reading: routes what the log has next, a bounded part of it, and has itself called again until there is nothing more.</summary>
    public async Task ReplayAsync(CancellationToken cancellationToken)
    {
        try
        {
            var records = await _log.ReadAsync(_partition, _position, MaxReadBytes, cancellationToken);
            foreach (var record in records)
            {
                if (!await RouteAsync(record))
                {
                    return;
                }
            }

            _statistics.RecordsReplayed(records.Count);
            if (records.Count == 0)
            {
                _replaying = false;
                _readNothingAt = _knownBeyond > _position ? _position : -1;
            }
            else
            {
                _host.ScheduleReplay(TimeSpan.Zero);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            _statistics.ErrorHandled();
            LogReplayFailed(exception, _partition, _position);
            _host.ScheduleReplay(MaintenancePeriod);
        }
    }

    private void StartReplay()
    {
        if (!_replaying)
        {
            _replaying = true;
            _replayingSince = Now;
            _host.ScheduleReplay(TimeSpan.Zero);
        }
    }
}
