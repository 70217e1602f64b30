using System.Runtime.InteropServices;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>Which windows of an import go where. Pure; used once.</summary>
internal sealed class ImportPlan
{
    private readonly HistoryManifest _manifest;
    private readonly HistorySettings _settings;
    private readonly int _size;
    private readonly bool _isSet;
    private readonly List<Placed> _placed = [];
    private readonly Dictionary<ulong, List<(int Tier, long Start, long End)>> _there = [];
    private readonly List<RefusedWindow> _refused = [];

    /// <param name="import">The windows.</param>
    /// <param name="manifest">What there is.</param>
    /// <param name="settings">What is kept.</param>
    /// <param name="windows">The aggregator.</param>
    public ImportPlan(WindowImport import, HistoryManifest manifest, HistorySettings settings, MetricAggregator windows)
    {
        (_manifest, _settings, _size, _isSet) = (manifest, settings, settings.Tiers[0].Step, windows.Kind == Contracts.Points.MetricKind.Set);
        var oldest = windows.Watermark - settings.Tiers[^1].Keep;
        for (var s = 0; s < import.Series.Length; s++)
        {
            var key = SeriesKey.Encode(import.Series[s].Tags);
            var id = SeriesKey.Hash(key);
            for (var w = 0; w < import.Series[s].Windows.Length; w++)
            {
                var window = new WindowState();
                if (!StoredWindows.TryRead(import.Series[s].Windows[w], _isSet, window, out var reason, out var message))
                {
                    Refuse(s, w, reason, message);
                }
                else if (window.End > windows.FinalThrough)
                {
                    Refuse(s, w, "not_final", "The window is not over: points may still come that belong to it.");
                }
                else if (window.End <= oldest)
                {
                    Expired++;
                }
                else
                {
                    _placed.Add(new Placed(id, key, TierOf(window.Start), window));
                }
            }
        }

        From = _placed.Count == 0 ? 0 : _placed.Min(static one => one.Window.Start);
        To = _placed.Count == 0 ? 0 : _placed.Max(static one => one.Window.End);
    }

    /// <summary>There is nothing to be looked for.</summary>
    public bool IsEmpty => _placed.Count == 0;

    /// <summary>The time of all windows that may be imported.</summary>
    public long From { get; }

    public long To { get; }

    public int Expired { get; }

    public int AlreadyThere { get; private set; }

    public int Refused { get; private set; }

    public RefusedWindow[] Errors => [.. _refused];

    /// <summary>
    /// Before a plan is made: what has nothing to be rolled up is noted as rolled up, and what is older than it is kept as expired where there is nothing, so that old windows go where such
    /// windows are kept.
    /// </summary>
    public static void Prepare(HistoryManifest manifest, HistorySettings settings, long watermark)
    {
        HistoryPlanner.Next(manifest, settings, outputId: 0);
        for (var i = 0; i + 1 < settings.Tiers.Count; i++)
        {
            var tier = i == 0 ? manifest.Base : manifest.TierOf(settings.Tiers[i].Step);
            var next = manifest.TierOf(settings.Tiers[i + 1].Step);
            var through = Math.Min(SeriesMerger.StepStart(watermark - settings.Tiers[i].Keep, next.Step), next.Through);
            if (through > tier.ExpiredThrough && !tier.Chunks.Exists(chunk => chunk.From < through))
            {
                tier.ExpiredThrough = through;
            }
        }
    }

    /// <summary>The chunks that may have windows of the same series and time, without late points: these come on top of windows from elsewhere, too.</summary>
    public List<(int Tier, ChunkEntry Chunk)> Overlapping() =>
    [
        .. Enumerable.Range(0, _placed.Max(static one => one.Tier) + 1)
            .SelectMany(tier => _manifest.Tiers[tier].Chunks.Where(chunk => !chunk.Corrects && chunk.From < To && chunk.To > From).Select(chunk => (tier, chunk))),
    ];

    /// <summary>Takes note of windows that are there.</summary>
    /// <param name="tier">Index of their resolution; 0 for those in memory.</param>
    /// <param name="chunk">The windows.</param>
    public void AddThere(int tier, Chunk chunk)
    {
        var (columns, pool) = (new SeriesColumns(), new WindowPool());
        var wanted = _placed.Select(static one => one.Id).ToHashSet();
        foreach (var series in chunk.Series.Where(series => wanted.Contains(series.Id)))
        {
            pool.Clear();
            chunk.Read(series, columns, SketchReading.None, pool);
            for (var i = 0; i < pool.Count; i++)
            {
                if (pool[i].Start < To && pool[i].End > From)
                {
                    (CollectionsMarshal.GetValueRefOrAddDefault(_there, series.Id, out _) ??= []).Add((tier, pool[i].Start, pool[i].End));
                }
            }
        }
    }

    /// <summary>What is to be written, in parts that are each written whole or not at all. To be called once, when all that is there is known.</summary>
    public List<ImportPart> Parts()
    {
        var taken = new List<Placed>(_placed.Count);
        foreach (var series in _placed.GroupBy(static one => one.Id))
        {
            // Longer windows than those of its own resolution are made of what is there, and perhaps of what an import that was interrupted had of its time.
            var all = _there.GetValueOrDefault(series.Key) ?? [];
            var places = series.Select(static one => one.Tier).Distinct()
                .ToDictionary(static tier => tier, tier => new PlacesOfSeries([.. all.Where(one => one.Tier <= tier).Select(static one => (one.Start, one.End))]));
            var end = long.MinValue;
            foreach (var one in series.OrderBy(static one => one.Window.Start).ThenBy(static one => one.Window.Size))
            {
                if (end > one.Window.Start || places[one.Tier].Overlaps(one.Window.Start, one.Window.End))
                {
                    AlreadyThere++;
                    continue;
                }

                end = one.Window.End;
                taken.Add(one);
            }
        }

        return [.. taken.GroupBy(one => (one.Tier, Part: SeriesMerger.StepStart(one.Window.Start, SpanOf(one.Tier)))).OrderBy(static group => group.Key).Select(ToPart)];
    }

    private void Refuse(int series, int window, string reason, string message)
    {
        Refused++;
        if (_refused.Count < ImportResult.MaxListed)
        {
            _refused.Add(new RefusedWindow(series, window, reason, message));
        }
    }

    /// <summary>Index of the resolution that is read for a time when windows are read as they are: <see cref="HistoryCover"/>.</summary>
    private int TierOf(long start)
    {
        var upper = long.MaxValue;
        for (var i = 0; i < _manifest.Tiers.Count; i++)
        {
            var lower = HistoryCover.LowerOf(_manifest.Tiers[i], i + 1 < _manifest.Tiers.Count ? _manifest.Tiers[i + 1] : null);
            if (start >= lower && start < upper)
            {
                return i;
            }

            upper = Math.Min(upper, lower);
        }

        return _manifest.Tiers.Count - 1;
    }

    /// <summary>
    /// The time of a chunk: whole blocks, and not more than an eighth of what is kept, so that it expires in time; and whole windows of the longest step, so that what goes into one of these is
    /// written with it or not at all.
    /// </summary>
    private long SpanOf(int tier)
    {
        var step = tier == 0 ? _size : _manifest.Tiers[tier].Step;
        var block = step * (long)_settings.BlockWindows;
        var keep = _settings.Tiers.FirstOrDefault(one => one.Step == step).Keep;
        var longest = _manifest.Tiers[^1].Step;
        var span = block * Math.Max(1, keep / 8 / block);
        return longest == 0 ? span : SeriesMerger.StepStart(span + longest - 1, longest);
    }

    private ImportPart ToPart(IEnumerable<Placed> placed)
    {
        var all = placed.ToList();
        var writer = new ChunkWriter(new SeriesColumns(), _isSet);
        foreach (var series in all.GroupBy(static one => one.Id).OrderBy(static group => group.First().Key, KeyOrder.Instance))
        {
            var pool = new WindowPool();
            foreach (var one in series)
            {
                pool.Put(one.Window);
            }

            writer.Write(series.Key, series.First().Key, pool);
        }

        var bytes = writer.Finish();
        var own = _manifest.Tiers[all[0].Tier];
        var chunks = new List<(int, byte[], ChunkEntry)> { (own.Step, bytes, new ChunkEntry(0, writer.From, writer.To, bytes.Length, writer.Windows, Merged: false)) };

        // What has been rolled up is not rolled up again: the longer windows get their part now, from the next shorter ones as far as these have it.
        var (finer, finerThrough) = (chunks[0], long.MaxValue);
        foreach (var tier in _manifest.Tiers.Skip(all[0].Tier + 1).Where(static tier => tier.Through > long.MinValue))
        {
            var input = tier.Through <= finerThrough ? finer : chunks[0];
            var job = new HistoryJob { Inputs = [input.Item3], From = long.MinValue, To = tier.Through, Step = tier.Step, OutputId = 0 };
            if (HistoryMerge.Run(job, [input.Item2]) is { } made)
            {
                chunks.Add((tier.Step, made.Bytes, made.Entry));
                (finer, finerThrough) = (chunks[^1], tier.Through);
            }
        }

        return new ImportPart(all.Count, chunks);
    }

    /// <summary>Where a series has windows.</summary>
    private sealed class PlacesOfSeries
    {
        private readonly List<(long Start, long End)> _places;
        private readonly long[] _latestEnds;

        public PlacesOfSeries(List<(long Start, long End)> places)
        {
            places.Sort();
            (_places, _latestEnds) = (places, new long[places.Count]);
            for (var i = 0; i < places.Count; i++)
            {
                _latestEnds[i] = i == 0 ? places[i].End : Math.Max(_latestEnds[i - 1], places[i].End);
            }
        }

        public bool Overlaps(long start, long end)
        {
            // Of all that begin before its end, does one end after its start?
            var before = _places.BinarySearch((end, long.MinValue));
            before = before < 0 ? ~before : before;
            return before > 0 && _latestEnds[before - 1] > start;
        }
    }

    private sealed record Placed(ulong Id, byte[] Key, int Tier, WindowState Window);

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare(byte[]? one, byte[]? other) => one.AsSpan().SequenceCompareTo(other);
    }
}
