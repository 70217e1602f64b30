using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Partitions;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What must be so: what was appended is known, and what the stores hold is read back and compared.</summary>
internal sealed class Model(Simulation simulation)
{
    /// <summary>Far ahead of all other points: never late, and its window never closes.</summary>
    public const long MarkerTime = 4_000_000_000_000;

    private static readonly byte[][] SeriesKeys = [.. Enumerable.Range(0, 3).Select(static s => SeriesKey.Encode([new Tag("series", s.ToString())]))];

    private readonly Dictionary<string, Snapshot> _snapshots = [];

    private HistoryModel History { get; } = new(simulation);

    private PartitionState _persisted = new();

    /// <summary>Through which position a metric is forgotten.</summary>
    private readonly Dictionary<string, long> _forgottenAt = [];

    /// <summary>Through which positions it was ever forgotten: it begins anew each time, and may be of another kind then.</summary>
    private readonly Dictionary<string, SortedSet<long>> _lives = [];

    private readonly HashSet<string> _cleared = [];
    private readonly Dictionary<string, byte[]> _old = [];
    private readonly HashSet<string> _strays = [];

    /// <summary>Points that vanished with the log's end before the partition had persisted that it knew of them.</summary>
    private long _unknown;

    /// <summary>A batch with a slice for some metrics. Each slice has a series of its own, with one point, besides those that others share.</summary>
    public static (byte[] Payload, int Points, IReadOnlyDictionary<string, SentSlice> Slices) Batch(
        Random random, int metrics, int silent, long markerTime, bool ofKinds, ref int slices, long now)
    {
        var writer = new PointBatchWriter("simulation"u8, 1_024);
        var sent = new List<(string Metric, int Number, int Points)>();
        for (var m = 0; m < metrics; m++)
        {
            if (random.Next(3) == 0 && (silent & (1 << m)) == 0)
            {
                var metric = $"m{m}";
                var shared = random.Next(3);
                sent.Add((metric, ++slices, shared + 1));
                var marker = SeriesKey.Encode([new Tag("slice", slices.ToString())]);
                var kind = ofKinds ? KindModel.Any(random, m) : MetricKind.Gauge;
                var columns = writer.BeginSlice(
                    System.Text.Encoding.UTF8.GetBytes(metric), kind, shared + 1, shared + 1, marker.Length + shared * SeriesKeys[0].Length, baseTime: 0, wideTimes: true);
                columns.AddDefinition(SeriesKey.Hash(marker), marker);
                (columns.Ids[0], columns.Values[0], columns.WideTimes[0]) = (SeriesKey.Hash(marker), slices, markerTime);
                for (var i = 1; i <= shared; i++)
                {
                    var key = SeriesKeys[random.Next(SeriesKeys.Length)];
                    columns.AddDefinition(SeriesKey.Hash(key), key);
                    (columns.Ids[i], columns.Values[i], columns.WideTimes[i]) = (SeriesKey.Hash(key), ValueOf(kind, random.Next(ofKinds ? -5 : -50, 50)), (now + random.Next(-3_000, 1_500)) / 100 * 100);
                }
            }
        }

        var points = writer.Points;
        var payload = writer.Finish(now);
        Assert.True(PointBatch.TryParse(payload, out var batch, out var error), error);
        var bySlice = new Dictionary<string, SentSlice>();
        for (var i = 0; i < sent.Count; i++)
        {
            bySlice.Add(sent[i].Metric, new SentSlice(sent[i].Number, batch.Slices[i], sent[i].Points));
        }

        return (payload, points, bySlice);
    }

    private static double ValueOf(MetricKind? kind, int value) => kind == MetricKind.Set ? SetElement.ToValue(SetElement.Of(value)) : value;

    /// <summary>A state that storage has just taken.</summary>
    public void Written(string key, object state)
    {
        if (state is SnapshotState snapshot)
        {
            var read = Snapshot.Read(snapshot.Bytes, simulation.Settings);
            CheckSnapshot(key, read);
            if (!read.Windows.IsEmpty && read.Windows.Begin >= _forgottenAt.GetValueOrDefault(key))
            {
                _old[key] = snapshot.Bytes;
            }
        }
        else
        {
            CheckCheckpoint((PartitionState)state);
        }
    }

    /// <summary>Of metrics that are forgotten, the last snapshots that had a series.</summary>
    public IReadOnlyDictionary<string, byte[]> OldSnapshots => _old;

    /// <summary>A state that storage has just cleared: it had nothing, and what it had before is in the partition's counters.</summary>
    public void Cleared(string metric)
    {
        Assert.True(_forgottenAt.ContainsKey(metric), $"{metric} is cleared, and the partition does not know");
        simulation.Seen("snapshot cleared");
    }

    /// <summary>
    /// A number whose chunk was cleared is not used again, but by an activation that has been stale for longer than it takes to clear a chunk: nobody
    /// ever reads what it writes, and nobody clears it.
    /// </summary>
    public void ChunkCreated(string key)
    {
        if (_cleared.Contains(key))
        {
            _strays.Add(key);
            simulation.Seen("stray chunk");
        }
    }

    public void ChunkCleared(string key)
    {
        _cleared.Add(key);
        _strays.Remove(key);
    }

    /// <summary>Metrics that storage has something of, and the partition does not know any more.</summary>
    public IEnumerable<string> LeftBehind() => Stored().Select(static key => key[..2]).Distinct()
        .Where(metric => _persisted.Metrics.All(known => known.Name != metric)).ToList();

    /// <summary>When all is to be forgotten, nothing is left of any metric.</summary>
    public bool AllForgotten() => !simulation.Forgets || (_persisted is { Metrics.Count: 0, Forgetting.Count: 0 } && !Stored().Any());

    private IEnumerable<string> Stored() => simulation.Storage.KeysOf("m").Where(key => !_strays.Contains(key));

    public void Trimming(long upTo) => Assert.True(upTo <= _persisted.Checkpoint, $"trim to {upTo}, beyond the persisted checkpoint {_persisted.Checkpoint}");

    public void CheckLedger(PartitionStatus status)
    {
        Assert.True(
            status.Balanced && status.Accepted == status.Processed + status.Dropped.Values.Sum() + status.InFlight,
            $"the ledger does not balance: {Describe(status)}");
        Assert.True(status.InFlight >= 0 && status.Dropped.Values.All(static points => points >= 0), $"less than nothing: {Describe(status)}");
    }

    /// <summary>Whether no window is open that could be closed, neither in memory nor in a snapshot.</summary>
    public bool AllClosed(IReadOnlyDictionary<string, SimulatedAggregator> aggregators) =>
        aggregators.Values.All(static one => one is not { Alive: true, Ready: true, Stale: false } || one.Aggregator.Windows.NextCloseAt >= MarkerTime)
        && _snapshots.Values.All(static snapshot => snapshot.Windows.NextCloseAt >= MarkerTime);

    /// <summary>For the message when it does not come to rest.</summary>
    public string WhatIsOpen(IReadOnlyDictionary<string, SimulatedAggregator> aggregators) => string.Join(
        "; ",
        aggregators.Values.Where(static one => one is { Alive: true, Ready: true, Stale: false }).Select(static one => $"{one.Name} {one.Aggregator.Status(true)}")
            .Concat(_snapshots.Select(static pair => $"snapshot of {pair.Key} at {pair.Value.Position}: next {pair.Value.Windows.NextCloseAt}, series {pair.Value.Windows.SeriesCount}"))
            .Concat(_persisted.Metrics.Select(static metric => metric.ToString())).Append($"stored: {string.Join(", ", simulation.Storage.KeysOf("m"))}"));

    /// <summary>At rest: every metric has all its slices once, and the windows of a run without interruption.</summary>
    public void CheckEnd(PartitionStatus status, IReadOnlyDictionary<string, SimulatedAggregator> aggregators)
    {
        long processed = 0, late = 0, conflicted = 0, heldLost = 0;
        foreach (var metric in simulation.Log.History.Values.SelectMany(static record => record.Slices.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            _snapshots.TryGetValue(metric, out var snapshot);
            var expected = new PlainRun(simulation.Settings, _lives.GetValueOrDefault(metric) ?? []);
            foreach (var record in simulation.Log.History.Values)
            {
                var has = record.Slices.TryGetValue(metric, out var slice);
                if (has && (!record.Lost || snapshot?.Slices.Contains(slice!.Number) == true))
                {
                    expected.Apply(new SliceReader(slice!.Bytes.Span), record.Record.Position, record.Record.IngestedAt);
                    heldLost += record.Lost ? slice.Points : 0;
                }
                else if (!record.Lost && !record.IsPoison)
                {
                    expected.AdvanceWatermark(record.Record.IngestedAt);
                }
            }

            // A record that is lost now may have closed windows before, when nothing has followed it.
            expected.AdvanceWatermark(Math.Max(status.Watermark, snapshot?.Windows.Watermark ?? long.MinValue));
            processed += expected.Counters.Processed;
            late += expected.Counters.Late;
            conflicted += expected.Counters.Conflicted;
            expected.CheckKinds(simulation);
            if (expected.Position == 0)
            {
                continue;
            }

            if (_forgottenAt.ContainsKey(metric) && snapshot is null)
            {
                Assert.Equal("", Describe(expected.Windows));
                simulation.Seen("forgotten at the end");
                continue;
            }

            Assert.NotNull(snapshot);
            if (expected.Counters.Overflowed > 0)
            {
                simulation.Seen("points overflowed");
            }

            if (expected.Counters.Corrected > 0)
            {
                simulation.Seen("windows corrected");
            }

            Compare(metric, "snapshot", expected, snapshot.Windows);
            if (simulation.KeepsHistory)
            {
                History.CheckEnd(metric, snapshot.Windows, status.Watermark);
            }

            if (aggregators.TryGetValue(metric, out var active) && active is { Alive: true, Ready: true, Stale: false })
            {
                Compare(metric, active.Name, expected, active.Aggregator.Windows);
            }
        }

        simulation.Imports?.CheckEnd(_snapshots.GetValueOrDefault(ImportModel.Metric)?.Windows, status.Watermark);
        var dropped = status.Dropped;
        Assert.True(
            (processed, late, conflicted) == (status.Processed, dropped["late"], dropped.GetValueOrDefault("kind_conflict")),
            $"{processed} processed, {late} late, {conflicted} of another kind: {Describe(status)}");

        // Points that the log lost: what no snapshot has is lost in the ledger, if the ledger can know of it.
        var history = simulation.Log.History.Values;
        var gone = history.Where(static record => record.Lost).Sum(static record => record.Points) - heldLost;
        var poison = history.Where(static record => record.IsPoison && !record.Lost).Sum(static record => record.Points);
        var counted = dropped.GetValueOrDefault("lost") + dropped.GetValueOrDefault("poison_batch") - poison;
        // Of records lost in both ways at once it cannot tell which a snapshot holds.
        var mixed = history.Any(static record => record.LostWithTail) && history.Any(static record => record is { Lost: true, LostWithTail: false });
        var known = gone - _unknown - (mixed ? heldLost : 0);
        Assert.True(counted >= known && counted <= gone, $"{gone} points gone, {known} of them known to the ledger, {counted} counted: {Describe(status)}");
        if (gone > 0)
        {
            simulation.Seen("points lost");
        }

        if (heldLost > 0)
        {
            simulation.Seen("points of a lost tail in a snapshot");
        }

        Assert.Equal(status.Processed + status.Dropped.Values.Sum(), status.Accepted);
    }

    public void TailLost(IReadOnlyCollection<LoggedRecord> records)
    {
        simulation.Imports?.RecordsLost(records.Count);
        _unknown += records.Where(record => record.Record.Position > _persisted.Position).Sum(static record => record.Points);
    }

    private static string Describe(PartitionStatus status) =>
        $"accepted {status.Accepted}, processed {status.Processed}, {string.Join(", ", status.Dropped.Select(static d => $"{d.Key} {d.Value}"))}, in flight {status.InFlight}, {status}";

    private void Compare(string metric, string where, PlainRun expected, MetricAggregator actual)
    {
        var counters = actual.Counters + RunOf(metric, actual.Begin).Counters;
        Assert.True(expected.Counters == counters, $"{metric} in {where}: {actual.Counters}, expected {expected.Counters}");
        var left = Describe(expected.Windows);
        var right = Describe(actual);
        Assert.True(left == right, $"{metric} in {where}:\n{right}\nexpected:\n{left}");
    }

    public static string Describe(MetricAggregator aggregator) => string.Join(
        "\n",
        aggregator.Query("m", new AggregatesQuery { Limit = AggregatesQuery.MaxLimit }).Series.Select(static series =>
            $"{string.Join(',', series.Tags)} {series.Total} {string.Join("; ", series.Windows.Select(static w => $"{w.Start:HH:mm:ss} {w.Count} {w.Sum} {w.Min} {w.Max} {w.Last} {w.Distinct} {w.Final} {w.Revision}"))}")
            .Order(StringComparer.Ordinal));

    /// <summary>What became of a metric at or below a position.</summary>
    private PlainRun RunOf(string metric, long through)
    {
        var run = new PlainRun(simulation.Settings, _lives.GetValueOrDefault(metric) ?? []);
        foreach (var record in simulation.Log.History.Values.TakeWhile(record => record.Record.Position <= through))
        {
            // What the log lost before anybody had it is nowhere. What somebody had, while series do not expire, is not forgotten.
            if (!record.Lost && record.Slices.TryGetValue(metric, out var slice))
            {
                run.Apply(new SliceReader(slice.Bytes.Span), record.Record.Position, record.Record.IngestedAt);
            }
        }

        return run;
    }

    private void CheckSnapshot(string metric, Snapshot snapshot)
    {
        if (snapshot.Windows.Begin < _forgottenAt.GetValueOrDefault(metric, long.MinValue))
        {
            // By a stale activation. Nobody reads it as anything but something to be cleared.
            simulation.Seen("snapshot of what is forgotten");
            return;
        }

        if (_snapshots.TryGetValue(metric, out var before))
        {
            // A partition that starts again may find a metric new that one before it, without having persisted it, found new too, before others were forgotten.
            Assert.True(snapshot.Windows.Begin >= before.Windows.Begin, $"the snapshot of {metric} begins at {snapshot.Windows.Begin}, before {before.Windows.Begin}");
            Assert.True(snapshot.Position >= before.Position || snapshot.Windows.Begin > before.Windows.Begin, $"the snapshot of {metric} goes back from {before.Position} to {snapshot.Position}");
        }

        if (metric == ImportModel.Metric)
        {
            simulation.Imports!.Check(snapshot.Windows);
        }
        else if (simulation.KeepsHistory)
        {
            History.Check(metric, snapshot.Windows);
        }

        if (simulation.Expires)
        {
            var expected = RunOf(metric, snapshot.Position);
            expected.AdvanceWatermark(snapshot.Windows.Watermark);
            Compare(metric, $"the snapshot at {snapshot.Position}", expected, snapshot.Windows);
            _snapshots[metric] = snapshot;
            return;
        }

        var points = 0L;
        foreach (var record in simulation.Log.History.Values)
        {
            if (record.Slices.TryGetValue(metric, out var slice))
            {
                var has = snapshot.Slices.Contains(slice.Number);
                points += has ? slice.Points : 0;
                Assert.True(
                    record.Record.Position <= snapshot.Position ? has || record.Lost : !has,
                    $"the snapshot of {metric} at {snapshot.Position} {(has ? "has" : "lacks")} slice {slice.Number} at {record.Record.Position}");
            }
        }

        var counters = snapshot.Windows.Counters;
        Assert.Equal(points, counters.Processed + counters.Late);
        _snapshots[metric] = snapshot;
    }

    private void CheckCheckpoint(PartitionState state)
    {
        Assert.True(state.Checkpoint >= _persisted.Checkpoint, $"the checkpoint goes back from {_persisted.Checkpoint} to {state.Checkpoint}");
        Assert.True(state.Position >= _persisted.Position && state.Position >= state.Checkpoint, $"the ledger goes back from {_persisted.Position} to {state.Position}");
        _persisted = state;
        foreach (var (metric, through) in state.Forgetting)
        {
            if (through > _forgottenAt.GetValueOrDefault(metric, long.MinValue) && _snapshots.Remove(metric, out var left))
            {
                // Or it is ahead: what it has is beyond the checkpoint, and comes again.
                simulation.Imports?.Forgotten(metric, state.Watermark);
                Assert.True(
                    metric == ImportModel.Metric || left.Position > state.Checkpoint || (left.Windows.IsEmpty && left.Windows.History is null or { Chunks: 0 }), $"{metric} is forgotten, and has something left");
                simulation.Seen("forgotten");
                if (_forgottenAt.ContainsKey(metric))
                {
                    simulation.Seen("forgotten again");
                }
            }

            _forgottenAt[metric] = through;
            if (!_lives.TryGetValue(metric, out var lives))
            {
                _lives.Add(metric, lives = []);
            }

            lives.Add(through);
        }

        foreach (var record in simulation.Log.History.Values.Where(record => !record.Lost && record.Record.Position <= state.Checkpoint))
        {
            foreach (var (metric, slice) in record.Slices)
            {
                var has = record.Record.Position <= _forgottenAt.GetValueOrDefault(metric, long.MinValue)
                    || (_snapshots.TryGetValue(metric, out var snapshot) && (simulation.Expires ? snapshot.Position >= record.Record.Position : snapshot.Slices.Contains(slice.Number)));
                Assert.True(has, $"the checkpoint is {state.Checkpoint}, but no snapshot has slice {slice.Number} of {metric} at {record.Record.Position}");
            }
        }
    }

    private sealed record Snapshot(MetricAggregator Windows, HashSet<int> Slices)
    {
        public long Position => Windows.Position;

        public static Snapshot Read(byte[] bytes, WindowSettings settings)
        {
            var windows = MetricAggregator.ReadSnapshot(bytes, settings);
            var slices = new HashSet<int>();
            foreach (var series in windows.Query("m", new AggregatesQuery { Limit = AggregatesQuery.MaxLimit }).Series)
            {
                if (series.Tags[0].Name == "slice")
                {
                    var number = int.Parse(series.Tags[0].Value);
                    Assert.True(series.Total.Count == 1, $"slice {number} was applied {series.Total.Count} times");
                    slices.Add(number);
                }
            }

            return new Snapshot(windows, slices);
        }
    }
}
