using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Partitions;

// One record: its slices are sent to their aggregators, and the answers noted.
internal sealed partial class PartitionRouter
{
    private readonly List<Delivery> _deliveries = [];
    private readonly List<(int Delivery, Task<AggregatorStatus> Answer)> _underWay = [];

    /// <summary>For each delivery; null stands for a metric that is stalled or has failed now.</summary>
    private AggregatorStatus?[] _answers = [];

    /// <summary>Routes one record and moves the position on, all or nothing as far as this partition's own state goes.</summary>
    /// <returns>False when this activation turned out to be a stale one; nothing has changed then.</returns>
    private async Task<bool> RouteAsync(LogRecord record)
    {
        long? lastBefore = null;
        if (!PointBatch.TryParse(record.Payload, out var batch, out var error) && LogGap.TryParse(record.Payload.Span, out var last))
        {
            lastBefore = last;
        }

        var contiguous = record.Position == _position + 1;
        if (!contiguous && !await MayCrossAsync(record, lastBefore))
        {
            return false;
        }

        if (batch is null && lastBefore is null)
        {
            await _log.SetAsideAsync(_partition, record, error!, CancellationToken.None);
            _statistics.BatchPoisoned();
            _statistics.ErrorHandled();
            LogPoison(_partition, record.Position, error!);
            _ledger.CountPoison(record, contiguous);
            MoveTo(record, contiguous);
            return true;
        }

        PrepareDeliveries(record, batch);
        await DeliverAsync(record);
        Commit(record, batch, contiguous);
        return true;
    }

    /// <param name="batch">Null for a gap, which only moves the watermark on.</param>
    private void PrepareDeliveries(LogRecord record, PointBatch? batch)
    {
        _deliveries.Clear();
        if (batch is not null)
        {
            foreach (var slice in batch.Slices)
            {
                var reader = new SliceReader(slice.Span);
                _deliveries.Add(new Delivery(_routes.FindOrAdd(reader.Metric, _ledger.LastGap, Math.Min(_forgottenThrough, record.Position - 1)), slice, reader.Points));
            }
        }

        if (record.IngestedAt < _routes.NextCloseAt)
        {
            return;
        }

        // Metrics without a slice in this record have windows to close.
        var sliced = _deliveries.Count == 0 ? null : _deliveries.Select(static delivery => delivery.Route).ToHashSet();
        foreach (var route in _routes.All)
        {
            if (route.NextCloseAt <= record.IngestedAt && !route.Stalled && sliced?.Contains(route) != true)
            {
                _deliveries.Add(new Delivery(route, default, Delivery.WatermarkOnly));
            }
        }
    }

    /// <summary>Sends everything, then waits for what is not answered at once.</summary>
    private async ValueTask DeliverAsync(LogRecord record)
    {
        if (_answers.Length < _deliveries.Count)
        {
            _answers = new AggregatorStatus?[Math.Max(_deliveries.Count, 2 * _answers.Length)];
        }

        for (var i = 0; i < _deliveries.Count; i++)
        {
            _answers[i] = null;
            if (_deliveries[i].Route.Stalled)
            {
                continue;
            }

            var answer = Send(_deliveries[i], record);
            if (answer.IsCompletedSuccessfully)
            {
                _answers[i] = answer.Result;
            }
            else
            {
                _underWay.Add((i, answer.AsTask()));
            }
        }

        foreach (var (i, answer) in _underWay)
        {
            var route = _deliveries[i].Route;
            if (route.Stalled)
            {
                continue;
            }

            try
            {
                _answers[i] = await answer;
            }
            catch (Exception exception)
            {
                AggregatorFailed(route, record.Position, exception);
            }
        }

        _underWay.Clear();
    }

    private static ValueTask<AggregatorStatus> Send(in Delivery delivery, LogRecord record)
    {
        var route = delivery.Route;
        return delivery.Points == Delivery.WatermarkOnly
            ? route.Aggregator.Advance(route.Begin, route.Confirmed, record.IngestedAt)
            : route.Aggregator.Apply(new MetricSlice
            {
                Position = record.Position,
                Previous = route.Confirmed,
                Watermark = record.IngestedAt,
                Bytes = delivery.Slice,
                Begin = route.Begin,
            });
    }

    /// <summary>Without an await in between, so that a status read while a record is under way is that of the record before.</summary>
    private void Commit(LogRecord record, PointBatch? batch, bool contiguous)
    {
        var counts = record.Position > _ledger.CountedThrough;
        _ledger.Count(record, batch);
        MoveTo(record, contiguous);
        for (var i = 0; i < _deliveries.Count; i++)
        {
            var (route, _, points) = _deliveries[i];
            if (points != Delivery.WatermarkOnly)
            {
                route.SliceSeen(record.Position, counts ? points : 0);
            }

            if (_answers[i] is not { } status)
            {
                continue;
            }

            if (!status.Applied)
            {
                LogAggregatorBehind(route.Name, _partition, status.Position, record.Position);
                route.Stall(Now);
                continue;
            }

            if (points == Delivery.WatermarkOnly)
            {
                route.WatermarkConfirmed(record.IngestedAt, status, _ledger.CountedThrough);
            }
            else
            {
                route.SliceConfirmed(record.Position, status, _ledger.CountedThrough);
            }

            _routes.Closes(route);
        }

        _deliveries.Clear();
        _watermark = Math.Max(_watermark, record.IngestedAt);
        if (_watermark >= _routes.NextCloseAt)
        {
            _routes.RefreshNextClose();
        }
    }

    private void MoveTo(LogRecord record, bool contiguous)
    {
        _position = record.Position;
        _changed = true;
        if (!contiguous)
        {
            MarkGap(record.Position);
        }
    }

    private void AggregatorFailed(MetricRoute route, long position, Exception exception)
    {
        _statistics.ErrorHandled();
        LogAggregatorFailed(exception, route.Name, _partition, position);
        route.Stall(Now + 250);
    }

    private readonly record struct Delivery(MetricRoute Route, ReadOnlyMemory<byte> Slice, int Points)
    {
        public const int WatermarkOnly = -1;
    }
}
