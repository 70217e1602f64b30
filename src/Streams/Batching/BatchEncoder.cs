using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Batching;

/// <summary>Merges the points of several requests into batches: per partition, a slice per metric. Reused; not thread-safe.</summary>
internal sealed class BatchEncoder(int partitions, ReadOnlyMemory<byte> gatewayId, int maxBatchPoints)
{
    private readonly PointBatchWriter _writer = new(gatewayId.Span);
    private readonly List<Run>[] _runsByPartition = CreateLists<Run>(partitions);
    private readonly List<RequestKey>[] _keysByPartition = CreateLists<RequestKey>(partitions);
    private readonly HashSet<SeriesEntry> _seen = [];
    private readonly Dictionary<int, List<SeriesEntry>> _definitions = [];
    private readonly HashSet<int> _sliced = [];

    /// <summary>Encodes sealed requests. The appends are in the order in which they must enter the log.</summary>
    /// <param name="requests">The requests; no two with the same key.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="appends">Where the batches go. A partition's first has the keys of the requests with points for it.</param>
    /// <param name="outcome">What is settled already and left out; null when nothing is.</param>
    public void Encode(IReadOnlyList<RequestPoints> requests, long now, List<LogAppend> appends, RoundOutcome? outcome = null)
    {
        var (baseTime, wide) = CollectRuns(requests, outcome);
        CollectDefinitions(requests, outcome);
        for (var partition = 0; partition < _runsByPartition.Length; partition++)
        {
            var runs = _runsByPartition[partition];
            if (runs.Count == 0)
            {
                continue;
            }

            // Runs of one metric and kind next to each other; the sort is stable in effect because a request's number is part of the order.
            runs.Sort(static (a, b) => a.KindOrder != b.KindOrder ? a.KindOrder.CompareTo(b.KindOrder)
                : a.Points.Metric.Index != b.Points.Metric.Index ? a.Points.Metric.Index.CompareTo(b.Points.Metric.Index)
                : a.Request.CompareTo(b.Request));
            EncodePartition(partition, requests, runs, baseTime, wide, now, appends);
            runs.Clear();
        }

        _definitions.Clear();
        _seen.Clear();
    }

    private (long BaseTime, bool Wide) CollectRuns(IReadOnlyList<RequestPoints> requests, RoundOutcome? outcome)
    {
        long min = long.MaxValue, max = long.MinValue;
        for (var i = 0; i < requests.Count; i++)
        {
            min = Math.Min(min, requests[i].MinTime);
            max = Math.Max(max, requests[i].MaxTime);
            foreach (var run in requests[i].Runs)
            {
                if (outcome?.IsOpen(i, run.Metric.Partition) ?? true)
                {
                    _runsByPartition[run.Metric.Partition].Add(new Run(i, run));
                    if (requests[i].Key is { } key)
                    {
                        CollectKey(run.Metric.Partition, key);
                    }
                }
            }
        }

        return (min, max - min > int.MaxValue);
    }

    /// <summary>The request's runs come one after the other, so that its key can only be the last.</summary>
    private void CollectKey(int partition, RequestKey key)
    {
        var keys = _keysByPartition[partition];
        if (keys.Count == 0 || keys[^1] != key)
        {
            keys.Add(key);
        }
    }

    private void CollectDefinitions(IReadOnlyList<RequestPoints> requests, RoundOutcome? outcome)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            foreach (var series in requests[i].Undefined)
            {
                if (!(outcome?.IsOpen(i, series.Metric.Partition) ?? true) || !_seen.Add(series))
                {
                    continue;
                }

                if (!_definitions.TryGetValue(series.Metric.Index, out var list))
                {
                    _definitions.Add(series.Metric.Index, list = []);
                }

                list.Add(series);
            }
        }
    }

    private void EncodePartition(
        int partition, IReadOnlyList<RequestPoints> requests, List<Run> runs, long baseTime, bool wide, long now, List<LogAppend> appends)
    {
        var kindsDiffer = runs[0].KindOrder != runs[^1].KindOrder;
        for (var first = 0; first < runs.Count;)
        {
            var (metric, kind) = (runs[first].Points.Metric, runs[first].Points.Kind);
            var end = first;
            var left = 0;
            while (end < runs.Count && runs[end].Points.Metric == metric && runs[end].Points.Kind == kind)
            {
                left += runs[end++].Points.Count;
            }

            var definitions = _definitions.GetValueOrDefault(metric.Index);
            var cursor = new RunCursor(requests, runs, first, baseTime);
            while (left > 0)
            {
                if (kindsDiffer && !_sliced.Add(metric.Index))
                {
                    // The batch has a slice of the metric, of points that name another kind or none.
                    Finish(partition, now, appends);
                    _sliced.Add(metric.Index);
                }

                var take = Math.Min(left, maxBatchPoints - _writer.Points);
                WriteSlice(metric, kind, take, definitions, ref cursor, baseTime, wide);
                definitions = null;
                left -= take;
                if (_writer.Points >= maxBatchPoints)
                {
                    Finish(partition, now, appends);
                }
            }

            first = end;
        }

        if (_writer.Points > 0)
        {
            Finish(partition, now, appends);
        }
    }

    private void WriteSlice(
        MetricEntry metric, MetricKind? kind, int points, List<SeriesEntry>? definitions, ref RunCursor cursor, long baseTime, bool wide)
    {
        var keyBytes = 0;
        if (definitions is not null)
        {
            foreach (var series in definitions)
            {
                keyBytes += series.Key.Length;
            }
        }

        var columns = _writer.BeginSlice(metric.Name, kind, points, definitions?.Count ?? 0, keyBytes, baseTime, wide);
        if (definitions is not null)
        {
            foreach (var series in definitions)
            {
                columns.AddDefinition(series.Id, series.Key);
            }
        }

        cursor.CopyTo(ref columns, points, wide);
    }

    private void Finish(int partition, long now, List<LogAppend> appends)
    {
        var points = _writer.Points;
        var keys = _keysByPartition[partition];
        appends.Add(new LogAppend(partition, _writer.Finish(now), points) { Keys = keys.Count == 0 ? [] : keys.ToArray() });
        keys.Clear();
        _sliced.Clear();
    }

    private static List<T>[] CreateLists<T>(int count)
    {
        var lists = new List<T>[count];
        for (var i = 0; i < count; i++)
        {
            lists[i] = [];
        }

        return lists;
    }

    private readonly record struct Run(int Request, RequestPoints.MetricRun Points)
    {
        public int KindOrder => Points.Kind is { } kind ? (int)kind : -1;
    }

    /// <summary>Walks the points of one metric over all requests.</summary>
    private ref struct RunCursor(IReadOnlyList<RequestPoints> requests, List<Run> runs, int first, long baseTime)
    {
        private int _run = first;
        private int _done;

        public void CopyTo(ref SliceColumns columns, int count, bool wide)
        {
            var to = 0;
            while (to < count)
            {
                var run = runs[_run];
                var take = Math.Min(count - to, run.Points.Count - _done);
                var request = requests[run.Request];
                var order = request.Order.Slice(run.Points.Start + _done, take);
                var ids = columns.Ids.Slice(to, take);
                var values = columns.Values.Slice(to, take);
                for (var i = 0; i < order.Length; i++)
                {
                    ids[i] = request.Ids[order[i]];
                    values[i] = request.Values[order[i]];
                }

                CopyTimes(request.Times, order, columns, to, wide);
                to += take;
                _done += take;
                if (_done == run.Points.Count)
                {
                    _run++;
                    _done = 0;
                }
            }
        }

        private readonly void CopyTimes(ReadOnlySpan<long> times, ReadOnlySpan<int> order, in SliceColumns columns, int to, bool wide)
        {
            if (wide)
            {
                var target = columns.WideTimes.Slice(to, order.Length);
                for (var i = 0; i < order.Length; i++)
                {
                    target[i] = times[order[i]] - baseTime;
                }
            }
            else
            {
                var target = columns.Times.Slice(to, order.Length);
                for (var i = 0; i < order.Length; i++)
                {
                    target[i] = (int)(times[order[i]] - baseTime);
                }
            }
        }
    }
}
