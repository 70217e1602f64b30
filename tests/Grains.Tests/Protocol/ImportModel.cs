using System.Globalization;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>
/// What must be so of a metric that has nothing but windows from elsewhere: none is there twice, and none that was answered as imported is missing while it is kept.
/// </summary>
internal sealed class ImportModel(Simulation simulation)
{
    /// <summary>No other has slices of this one.</summary>
    public const string Metric = "i";

    private readonly HistoryModel _history = new(simulation);
    private readonly Dictionary<ulong, Sent> _sent = [];
    private readonly List<Sent> _open = [];
    private int _number;
    private bool _recordsLost;

    /// <summary>Windows that are new, or such that nobody knows of whether they were imported; seldom such that were.</summary>
    public Sent Next()
    {
        var random = simulation.Random;
        if (_open.Count > 0 && random.Next(3) > 0)
        {
            return _open[random.Next(_open.Count)];
        }

        if (_sent.Count > 0 && random.Next(4) == 0)
        {
            return _sent.Values.ElementAt(random.Next(_sent.Count));
        }

        Tag[] tags = [new Tag("import", (++_number).ToString(CultureInfo.InvariantCulture))];
        var first = SeriesMerger.StepStart(simulation.Now - random.Next(1_000, 12_000), 1_000);
        StoredWindow[] windows = random.Next(4) == 0
            ? [Window(SeriesMerger.StepStart(first - 3_000, 3_000), 3_000, 1)]
            : [.. Enumerable.Range(0, random.Next(1, 4)).Where(i => SeriesMerger.StepStart(first + (i * 1_000), 3_000) == SeriesMerger.StepStart(first, 3_000)).Select(i => Window(first + (i * 1_000), 1_000, i))];
        var sent = new Sent(SeriesKey.Hash(SeriesKey.Encode(tags)), new WindowImport { Kind = MetricKind.Gauge, Series = [new StoredSeries { Tags = tags, Windows = windows }] });
        _sent.Add(sent.Series, sent);
        _open.Add(sent);
        return sent;
    }

    public void Answered(Sent sent, ImportResult result)
    {
        if (result.Status != ImportStatus.Done)
        {
            simulation.Seen("import in vain");
            return;
        }

        if (result.Refused + result.Expired > 0)
        {
            // Of a time that is not over yet, or over for long.
            return;
        }

        Assert.Equal(sent.Count, result.Imported + result.AlreadyThere);
        simulation.Seen(result.AlreadyThere > 0 ? "windows were there already" : "windows imported");
        sent.IsAnswered = true;
        _open.Remove(sent);
    }

    /// <summary>The records that name the metric are among those that the log lost: whoever lost them may have forgotten the metric.</summary>
    public void RecordsLost(int records) => _recordsLost |= records > 0;

    /// <summary>A snapshot of the metric that storage has just taken.</summary>
    public void Check(MetricAggregator snapshot)
    {
        var there = _history.WindowsOf(Metric, snapshot.History!).GroupBy(static one => one.Series).ToDictionary(static group => group.Key, static group => group.ToList());
        foreach (var (id, windows) in there)
        {
            var points = windows.Sum(static one => one.Window.Count);
            Assert.True(points <= _sent[id].Count, $"{_sent[id]} is there with {points} points");
        }

        foreach (var sent in _sent.Values.Where(sent => MustBeThere(sent, snapshot.Watermark)))
        {
            var points = there.TryGetValue(sent.Series, out var windows) ? windows.Sum(static one => one.Window.Count) : 0;
            Assert.True(points == sent.Count, $"{sent} was imported, and is there with {points} points");
        }

        if (there.Count > 0 && snapshot.History!.Tiers.Exists(static tier => tier.Step > 0 && tier.Chunks.Count > 0))
        {
            simulation.Seen("imported windows rolled up");
        }
    }

    public void Forgotten(string metric, long watermark)
    {
        if (metric == Metric)
        {
            simulation.Seen("imported windows forgotten");
            Assert.All(_sent.Values, sent => Assert.True(!MustBeThere(sent, watermark), $"{sent} was imported, and is forgotten"));
        }
    }

    public void CheckEnd(MetricAggregator? snapshot, long watermark)
    {
        if (snapshot is not null)
        {
            Check(snapshot);
        }
        else
        {
            Assert.All(_sent.Values, sent => Assert.True(!MustBeThere(sent, watermark), $"{sent} was imported, and there is nothing"));
        }
    }

    private bool MustBeThere(Sent sent, long watermark) => sent.IsAnswered && !_recordsLost && sent.FirstEnd > watermark - simulation.History.Tiers[^1].Keep;

    private static StoredWindow Window(long start, long size, double value) => new()
    {
        Start = DateTimeOffset.FromUnixTimeMilliseconds(start),
        End = DateTimeOffset.FromUnixTimeMilliseconds(start + size),
        Count = 1,
        Last = value,
        LastUpdated = DateTimeOffset.FromUnixTimeMilliseconds(start),
        Values = [value],
    };

    /// <summary>An import.</summary>
    public sealed class Sent(ulong series, WindowImport windows)
    {
        public ulong Series { get; } = series;

        public WindowImport Windows { get; } = windows;

        public int Count => Windows.Series[0].Windows.Length;

        public long FirstEnd => Windows.Series[0].Windows[0].End.ToUnixTimeMilliseconds();

        public bool IsAnswered { get; set; }

        public override string ToString() =>
            $"{Windows.Series[0].Tags[0].Value}: {string.Join(", ", Windows.Series[0].Windows.Select(static w => $"{w.Start.ToUnixTimeMilliseconds()}+{(w.End - w.Start).TotalMilliseconds}"))}";
    }
}
