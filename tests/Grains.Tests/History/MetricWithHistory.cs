using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Backup;
using OrleansMetrics.Grains.History.Chunks;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>An aggregator with history over stores in memory, which can be killed: it starts again from its snapshot, and the slices after it are sent again.</summary>
internal sealed class MetricWithHistory
{
    private readonly WindowSettings _windows;
    private readonly HistorySettings _history;
    private readonly MemoryState _state;
    private readonly List<MetricSlice> _log = [];
    private PersistentAggregator _aggregator = null!;

    public MetricWithHistory(WindowSettings windows, HistorySettings history)
    {
        (_windows, _history) = (windows, history);
        (_state, Chunks) = (new MemoryState(Faults), new MemoryChunks(Faults));
    }

    /// <summary>What fails in storage.</summary>
    public StorageFaults Faults { get; } = new();

    public MemoryChunks Chunks { get; }

    public FakeTimeProvider Time { get; } = new();

    public HistoryManifest Manifest => _aggregator.History!.Manifest;

    /// <summary>What the last flush answered: when the watermark is to be advanced, whether or not points come.</summary>
    public long NextCloseAt { get; private set; }

    public int SnapshotBytes => _state.Stored.Length;

    public async Task StartAsync()
    {
        _state.State = new SnapshotState { Bytes = _state.Stored };
        _aggregator = new PersistentAggregator(_state, _windows, new SiloStatistics(), static () => { }, new AggregatorHistory(_history, Chunks, new SiloStatistics(), Time));
        await _aggregator.ActivateAsync(moved: null, CancellationToken.None);
        foreach (var slice in _log)
        {
            _aggregator.Apply(slice);
        }
    }

    public void Apply(long position, long watermark, TestSliceBytes slice)
    {
        var sent = new MetricSlice { Position = position, Previous = 0, Watermark = watermark, Bytes = slice.Bytes };
        _log.Add(sent);
        _aggregator.Apply(sent);
    }

    /// <summary>Silence, through a watermark.</summary>
    public void Advance(long watermark) => _aggregator.Advance(0, 0, watermark);

    /// <summary>Flushes, and does a job if there is one.</summary>
    /// <param name="loseJob">The job is done, but nobody hears of it.</param>
    public async Task FlushAsync(bool loseJob = false)
    {
        var status = await _aggregator.FlushAsync();
        NextCloseAt = status.NextCloseAt;
        _log.RemoveAll(slice => slice.Position <= status.Persisted);
        if (_aggregator.History!.BeginJob() is { } job)
        {
            var (created, output) = await HistoryWork.RunAsync(job, Chunks);
            if (!loseJob)
            {
                _aggregator.History.EndJob(job, created, output);
            }
        }
    }

    /// <summary>Flushes, and begins a job if there is one; what is returned does it.</summary>
    public async Task<Func<Task>?> BeginJobAsync()
    {
        await _aggregator.FlushAsync();
        return _aggregator.History!.BeginJob() is not { } job ? null : async () =>
        {
            var (created, output) = await HistoryWork.RunAsync(job, Chunks);
            _aggregator.History.EndJob(job, created, output);
        };
    }

    public async Task<SeriesRange[]> QueryAsync(RangeQuery query)
    {
        var reader = await HistoryQuery.OpenAsync(
            query, _windows, (from, to) => ValueTask.FromResult(_aggregator.ViewHistory(from, to)), chunk => ValueTask.FromResult(Chunk.Parse(Chunks.All[chunk.Id])), CancellationToken.None);
        return [.. reader.Read()];
    }

    public Task<AggregatorImport> ImportAsync(WindowImport import) => _aggregator.ImportAsync(import);

    /// <summary>All that history has.</summary>
    public async Task<List<StoredSeries>> ExportAsync(ExportQuery query)
    {
        var reader = new BackupReader(
            query, (int)_windows.Size, (from, to) => ValueTask.FromResult(_aggregator.ViewHistory(from, to)), entry => ValueTask.FromResult((Chunk?)Chunk.Parse(Chunks.All[entry.Id])));
        var all = new List<StoredSeries>();
        await foreach (var series in reader.ReadAsync(CancellationToken.None))
        {
            all.Add(series);
        }

        return all;
    }

    private sealed class MemoryState(StorageFaults faults) : IPersistentState<SnapshotState>
    {
        public byte[] Stored { get; private set; } = [];

        public SnapshotState State { get; set; } = new();

        public string? Etag { get; private set; }

        public bool RecordExists => Stored.Length > 0;

        public Task ReadStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync()
        {
            faults.Before();
            Stored = State.Bytes;
            faults.After();
            return Task.CompletedTask;
        }

        public Task ClearStateAsync() => throw new NotSupportedException();
    }
}

/// <summary>A slice, checked.</summary>
internal readonly record struct TestSliceBytes(byte[] Bytes);
