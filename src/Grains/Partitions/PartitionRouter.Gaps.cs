using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

// Records that are missing: positions left out on purpose (LogGap), an end that the log has lost, and what it cannot read any more.
// Which of them an aggregator has is not known: its snapshot may be older or younger than this partition's state. So every metric known is
// marked, and settled when its aggregator has confirmed a position beyond: it takes nothing from before then, however late that arrives.
internal sealed partial class PartitionRouter
{
    private const int MaxBarriersAtOnce = 256;

    /// <summary>Records between two positions, without positions left out on purpose.</summary>
    private static long RecordsBetween(long position, long head)
    {
        var distance = head - position;
        var gaps = (distance + LogGap.Distance / 2) / LogGap.Distance;
        return Math.Max(0, distance - gaps * LogGap.Distance);
    }

    /// <summary>Whether the records before this one are really missing; logs what is lost.</summary>
    /// <returns>False when another activation has trimmed them: this one ends.</returns>
    private async Task<bool> MayCrossAsync(LogRecord record, long? lastBefore)
    {
        var head = await _log.GetHeadAsync(_partition, CancellationToken.None);
        if (head.TrimmedTo > Math.Max(_checkpoint, _trimmedAtStart))
        {
            LogStale(_partition, head.TrimmedTo, _checkpoint);
            _host.Deactivate();
            return false;
        }

        var lastLost = lastBefore ?? record.Position - 1;
        if (lastLost > _position)
        {
            LogRecordsLost(_partition, _position + 1, lastLost);
        }

        var known = _ledger.CountedThrough < record.Position ? Math.Max(_position, _ledger.CountedThrough) : _position;
        if (lastBefore < known)
        {
            LogTailLost(_partition, lastBefore.Value + 1, known);
        }

        return true;
    }

    private void MarkGap(long position)
    {
        _ledger.LastGap = position;
        foreach (var route in _routes.All)
        {
            route.Gap = position;
        }
    }

    /// <summary>
    /// Compares points accepted with points settled, if an answer allows it: the aggregator has, and counts, just the records that the ledger counts.
    /// Only where records are missing; elsewhere a difference is an error to be seen in the ledger. Only with what storage has taken: a stale aggregator may lack
    /// what the log no longer has because the snapshot has it.
    /// </summary>
    /// <returns>Whether it could be compared.</returns>
    private bool SettleGap(MetricRoute route, in AggregatorStatus status)
    {
        if (route.Gap == 0 || route.Stalled || !AllCountedIsRouted || status.Position > _position || status.Position < Math.Max(route.Confirmed, route.Gap))
        {
            return false;
        }

        var (lost, found) = route.Settle(status);
        _ledger.Found(found);
        if (lost != 0 || found != 0)
        {
            _changed = true;
            LogSettled(route.Name, _partition, route.Gap, lost, found);
        }

        return true;
    }

    /// <summary>Metrics that got no slice since a gap get an empty one, a bounded number at a time.</summary>
    private async Task SendBarriersAsync()
    {
        if (!AllCountedIsRouted)
        {
            return;
        }

        foreach (var route in _routes.All.Where(static route => route.Gap > route.Confirmed && !route.Stalled).Take(MaxBarriersAtOnce).ToList())
        {
            try
            {
                var status = await route.Aggregator.Apply(new MetricSlice
                {
                    Position = _position,
                    Previous = route.Confirmed,
                    Watermark = _watermark,
                    Bytes = EmptySlice(route),
                    Begin = route.Begin,
                });
                if (status.Applied)
                {
                    route.SliceConfirmed(_position, status, _ledger.CountedThrough);
                    _routes.Closes(route);
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
    }

    private static ReadOnlyMemory<byte> EmptySlice(MetricRoute route)
    {
        var writer = new PointBatchWriter("gap"u8, 256);
        writer.BeginSlice(System.Text.Encoding.UTF8.GetBytes(route.Name), kind: null, points: 0, definitions: 0, definitionKeyBytes: 0, baseTime: 0, wideTimes: false);
        return PointBatch.TryParse(writer.Finish(0), out var batch, out var error) ? batch.Slices[0] : throw new InvalidOperationException(error);
    }
}
