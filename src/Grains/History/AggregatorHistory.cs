using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// The history of one aggregator: final windows go into chunks before the snapshot that forgets them. Each chunk is created once under a number that a snapshot has
/// reserved, and counts when a snapshot names it: whatever dies, history has each window once, and a stale activation cannot change it.
/// </summary>
/// <remarks>
/// Without Orleans' runtime, as <see cref="Aggregators.PersistentAggregator"/>, which calls it. docs/decisions/009-history.md says why it holds.
/// </remarks>
internal sealed partial class AggregatorHistory(HistorySettings settings, IChunkStore store, SiloStatistics statistics, TimeProvider time)
{
    private const int ReservedIds = 2;
    private const int ClearedPerFlush = 32;

    private readonly HashSet<long> _usable = [];
    private List<(long Id, long Since)> _clearable = [];
    private HistoryJob? _job;
    private Cut _windows = new();
    private Cut _corrections = new();

    /// <summary>The chunks.</summary>
    public HistoryManifest Manifest { get; private set; } = new();

    /// <summary>Bytes of all chunks, as of the last flush.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>A snapshot is wanted although no slice has come: it would say something new.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>There was more than fits one chunk, or no number to write it under: another snapshot brings it on.</summary>
    public bool WantsMore { get; private set; }

    /// <summary>The watermark at which there is something to do that cannot be done now, also for a metric that is silent; <see cref="long.MaxValue"/>: not known of any.</summary>
    public long DueAt { get; private set; } = long.MaxValue;

    /// <summary>How long windows are kept as they came, milliseconds.</summary>
    public long KeptAsTheyCame => settings.Tiers[0].Keep;

    /// <summary>Goes on with what the snapshot says.</summary>
    public void Restore(MetricAggregator windows)
    {
        Manifest = windows.History ??= new HistoryManifest();
        windows.KeptAfter = Manifest.Through;
        windows.CorrectionsKeptAfter = Manifest.CorrectedThrough;
        _usable.UnionWith(Manifest.Reserved);
        _clearable = [.. Manifest.Doomed];
        SetDue(windows);
    }

    /// <summary>A job is under way.</summary>
    public bool IsBusy => _job is not null;

    /// <summary>Goes on without anything; chunks of before, if there are any, are cleared in time.</summary>
    public void StartAnew(MetricAggregator windows)
    {
        var before = Manifest;
        Manifest = windows.History = new HistoryManifest { NextId = before.NextId };
        foreach (var id in IdsOf(before))
        {
            Manifest.Doom(id, Now);
        }

        windows.KeptAfter = Manifest.Through;
        windows.CorrectionsKeptAfter = Manifest.CorrectedThrough;
        _usable.Clear();
        _clearable = [];
        _job = null;
        (_windows, _corrections) = (new Cut(), new Cut());
        DueAt = long.MaxValue;
        StoredBytes = 0;
        EmptyLooks++;
        WantsMore = false;
        IsChanged = Manifest.Doomed.Count > 0;
    }

    /// <summary>Clears every chunk that there is or may be.</summary>
    public async Task ClearAllAsync()
    {
        foreach (var id in IdsOf(Manifest))
        {
            await store.ClearAsync(id);
        }
    }

    private static List<long> IdsOf(HistoryManifest manifest) =>
        [.. manifest.Tiers.SelectMany(static tier => tier.Chunks).Select(static chunk => chunk.Id), .. manifest.Doomed.Select(static doomed => doomed.Id), .. manifest.Reserved];

    /// <summary>Writes a chunk of final windows, and one of settled late points, if there are enough of them. The next snapshot names them.</summary>
    public async Task CutAsync(MetricAggregator windows)
    {
        WantsMore = false;
        if (windows.FinalThrough == long.MinValue)
        {
            return;
        }

        // Not while a job reads them.
        IsChanged |= _job is null && HistoryPlanner.Expire(Manifest, settings, windows.Watermark, Now);
        await CutAsync(new FinalWindows(windows, Manifest), _windows);
        await CutAsync(new SettledWindows(windows, Manifest), _corrections);
    }

    private async Task CutAsync(ICutSource source, Cut cut)
    {
        if (source.ReadyThrough == long.MinValue)
        {
            return;
        }

        var through = SeriesMerger.StepStart(source.ReadyThrough, settings.ChunkInterval);
        if (through <= source.Through || through == cut.LookedThrough)
        {
            // When there was nothing at the last look, there may be now.
            cut.DueAt = cut.DueAt == long.MaxValue ? DueOf(source, source.EarliestEnd(source.Through), waits: false) : cut.DueAt;
            return;
        }

        cut.LookedThrough = through;
        var first = source.EarliestEnd(source.Through);
        if (first > through)
        {
            // Nothing to write: windows that end by then cannot come any more.
            source.Through = through;
            cut.DueAt = DueOf(source, first, waits: false);
            return;
        }

        var block = settings.BlockOf(0);
        var end = Math.Max(first, Math.Min(through, SeriesMerger.StepStart(first - 1, block) + block));
        var chunk = source.WriteRows(source.Through, end);
        if (chunk.Windows < settings.ChunkWindows && through - first < settings.MaxChunkDelay)
        {
            cut.DueAt = DueOf(source, first, waits: true);
            return;
        }

        var manifest = Manifest;
        var created = _usable.Count > 0 && await TryCreateAsync(_usable.Min(), chunk, source.Corrects);
        if (manifest != Manifest)
        {
            // The metric has begun anew, and what is here now are other windows.
            WantsMore = true;
            return;
        }

        if (created)
        {
            // A snapshot that has the windows no more names the chunk: until it is written, the one before has them.
            source.Through = end;
            cut.LookedThrough = end < through ? long.MinValue : through;
            WantsMore |= end < through;
            cut.DueAt = DueOf(source, source.EarliestEnd(end), waits: false);
        }
        else
        {
            WantsMore = true;
            cut.LookedThrough = long.MinValue;
            cut.DueAt = source.Watermark + settings.ChunkInterval;
        }
    }

    /// <summary>Before a snapshot is written: numbers for what comes next go into it.</summary>
    public Persisting BeginSnapshot()
    {
        while (Manifest.Reserved.Count < ReservedIds + _importIds)
        {
            Manifest.Reserved.Add(Manifest.NextId++);
        }

        IsChanged = false;
        return new Persisting([.. Manifest.Reserved], [.. Manifest.Doomed]);
    }

    /// <summary>A snapshot has been written.</summary>
    public void SnapshotWritten(Persisting persisted)
    {
        _usable.UnionWith(persisted.Reserved.Where(id => Manifest.Reserved.Contains(id) && id != _job?.OutputId));
        _clearable = persisted.Doomed;
    }

    /// <summary>A snapshot has not been written, or nobody knows.</summary>
    public void SnapshotFailed() => IsChanged = true;

    /// <summary>Clears chunks that the persisted snapshot does not name any more. What cannot be cleared now is cleared later.</summary>
    public async Task ClearAsync()
    {
        var before = Now - settings.ClearDelay;
        foreach (var doomed in _clearable.Where(one => one.Since <= before).Take(ClearedPerFlush).ToList())
        {
            try
            {
                await store.ClearAsync(doomed.Id);
                _clearable.Remove(doomed);
                Manifest.Doomed.Remove(doomed);
            }
            catch (Exception)
            {
                // Whatever it is, the chunk stays on the list.
                statistics.ErrorHandled();
                return;
            }
        }
    }

    /// <summary>At the end of a flush: finds out when the next one has something to do although no slice comes.</summary>
    public void SetDue(MetricAggregator windows)
    {
        StoredBytes = Manifest.Bytes;
        EmptyLooks += Manifest.Chunks == 0 ? 1 : 0;
        var followsUp = IsChanged || Manifest.Doomed.Count > 0 || _job is not null || HistoryPlanner.Next(Manifest, settings, outputId: 0) is not null;
        var lateness = windows.Watermark - windows.FinalThrough;
        var next = windows.FinalThrough == long.MinValue ? long.MaxValue : HistoryPlanner.NextTime(Manifest, settings, windows.FinalThrough, windows.SettlingTime);
        DueAt = Math.Min(
            Math.Min(_windows.DueAfter(windows.Watermark), _corrections.DueAfter(windows.Watermark)),
            Math.Min(
                followsUp ? windows.Watermark + settings.ClearDelay + 1 : long.MaxValue,
                next == long.MaxValue ? long.MaxValue : next + lateness));
    }

    /// <summary>The next merge or rollup; null: there is nothing to do, or one is under way.</summary>
    public HistoryJob? BeginJob()
    {
        if (_job is not null)
        {
            return null;
        }

        if (_usable.Count > 0 && HistoryPlanner.Next(Manifest, settings, _usable.Max()) is { } job)
        {
            _usable.Remove(job.OutputId);
            _job = job;
        }

        return _job;
    }

    /// <summary>What became of a job.</summary>
    /// <param name="job">What <see cref="BeginJob"/> gave.</param>
    /// <param name="created">False: nothing was made, and it is tried again.</param>
    /// <param name="output">The new chunk; null: there were no windows.</param>
    public void EndJob(HistoryJob job, bool created, ChunkEntry? output)
    {
        if (_job != job)
        {
            return;
        }

        _job = null;
        Manifest.Reserved.Remove(job.OutputId);
        if (!created || output is null)
        {
            Manifest.Doom(job.OutputId, Now);
        }

        if (created)
        {
            HistoryPlanner.Complete(Manifest, job, output, Now);
        }

        IsChanged = true;
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A number is tried once: when it cannot be told what became of it, or somebody else has used it, it is given up and cleared later.</summary>
    private async Task<bool> TryCreateAsync(long id, RowChunk chunk, bool corrects)
    {
        _usable.Remove(id);
        var manifest = Manifest;
        var (created, columns) = (false, Array.Empty<byte>());
        try
        {
            columns = await store.PackAsync(chunk.Bytes);
            created = await store.TryCreateAsync(id, columns);
        }
        catch (Exception)
        {
            // Whatever it is: the windows stay where they are, and the next flush tries again under another number.
            statistics.ErrorHandled();
        }

        if (manifest != Manifest)
        {
            return false;
        }

        Manifest.Reserved.Remove(id);
        IsChanged = true;
        if (created)
        {
            Manifest.Base.Chunks.Add(new ChunkEntry(id, chunk.From, chunk.To, columns.Length, chunk.Windows, Merged: false, corrects));
        }
        else
        {
            Manifest.Doom(id, Now);
        }

        return created;
    }

    private long DueOf(ICutSource source, long first, bool waits) => first == long.MaxValue
        ? long.MaxValue
        : SeriesMerger.StepStart(first - 1, settings.ChunkInterval) + settings.ChunkInterval + (source.Watermark - source.ReadyThrough) + (waits ? settings.MaxChunkDelay : 0);

    /// <summary>What a snapshot says that is being written.</summary>
    /// <param name="Reserved">Numbers for what comes next.</param>
    /// <param name="Doomed">What is to be cleared.</param>
    public sealed record Persisting(long[] Reserved, List<(long Id, long Since)> Doomed);

    /// <summary>How far chunks of one kind have been cut.</summary>
    private sealed class Cut
    {
        /// <summary>Up to where it is known that there is nothing to be cut now.</summary>
        public long LookedThrough { get; set; } = long.MinValue;

        /// <summary>The watermark at which there is something to be cut.</summary>
        public long DueAt { get; set; } = long.MaxValue;

        public long DueAfter(long watermark) => DueAt > watermark ? DueAt : long.MaxValue;
    }
}
