using System.Buffers;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Stats;

namespace OrleansMetrics.Grains.Aggregators;

/// <summary>
/// The windows of one metric with the position of the last slice in them: applied in order, each once, and persisted in one write.
/// </summary>
/// <remarks>
/// Without Orleans' runtime, so that tests decide what fails and in which order. All members run to their end in one turn, but for
/// <see cref="FlushAsync"/>, which awaits storage: the others may be called meanwhile, it itself may not.
/// </remarks>
internal sealed partial class PersistentAggregator(
    IPersistentState<SnapshotState> state, WindowSettings settings, SiloStatistics statistics, Action deactivate, AggregatorHistory? history = null,
    SeriesAccount? account = null)
{
    /// <summary>Chunks written in one flush; more come with the next.</summary>
    private const int MaxChunksPerFlush = 32;

    /// <summary>Buffers larger than this are not kept for the next snapshot.</summary>
    private const int MaxKeptBytes = 1 << 20;

    /// <summary>Of the thread: metrics are many, and most snapshots small.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? s_buffer;

    private readonly WindowSettings _settings = SettingsOf(settings, history);
    private long _persistedPosition;
    private long _persistedWatermark;
    private int _snapshotBytes;

    /// <summary>The windows.</summary>
    public MetricAggregator Windows { get; private set; } = new(SettingsOf(settings, history));

    /// <summary>Where final windows go; null: they are forgotten.</summary>
    public AggregatorHistory? History => history;

    /// <summary>Last position that is in the persisted snapshot.</summary>
    public long PersistedPosition => _persistedPosition;

    /// <summary>Goes on from the snapshot, which has been read, or from what was brought from another silo.</summary>
    /// <param name="moved">What <see cref="Leave"/> returned there, when the state is the one that it left.</param>
    /// <param name="cancellationToken">Ends the activation.</param>
    /// <exception cref="InvalidDataException">The snapshot is damaged.</exception>
    public async Task ActivateAsync(MovedAggregator? moved, CancellationToken cancellationToken)
    {
        if (state.RecordExists && state.State.Bytes.Length == 0)
        {
            // Orleans has moved the grain from a silo whose version does not take the windows along: with the ETag, but without the bytes, which
            // the state holds only on their way. Without them it would start from nothing and write that over the snapshot.
            await state.ReadStateAsync(cancellationToken);
        }

        if (state.State.Bytes.Length > 0)
        {
            Windows = MetricAggregator.ReadSnapshot(state.State.Bytes, _settings);
            _snapshotBytes = state.State.Bytes.Length;
            _persistedPosition = moved?.PersistedPosition ?? Windows.Position;
            _persistedWatermark = moved?.PersistedWatermark ?? Windows.Watermark;

            // The bytes are in the aggregator now; the state only carries them to and from storage.
            state.State.Bytes = [];
        }

        Windows.KeptAfter = Windows.CorrectionsKeptAfter = long.MaxValue;
        history?.Restore(Windows);
        account?.Set(Windows.Rows);
    }

    /// <summary>The activation ends.</summary>
    public void Close() => account?.Close();

    /// <summary>Puts all windows, persisted or not, into the state, to be taken to another silo. Nothing else may follow.</summary>
    public MovedAggregator Leave(IWindowObserver[] observers)
    {
        if (Windows.Position > 0)
        {
            state.State.Bytes = Snapshot();
        }

        return new MovedAggregator(_persistedPosition, _persistedWatermark, observers);
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.Apply"/>
    public AggregatorStatus Apply(MetricSlice slice)
    {
        if (!Begin(slice.Begin) || slice.Previous > Windows.Position)
        {
            return Status(applied: false);
        }

        if (slice.Position > Windows.Position)
        {
            var before = Windows.Counters;
            Windows.NodeIsFull = account is { IsFull: true };
            Windows.Apply(new SliceReader(slice.Bytes.Span), slice.Position, slice.Watermark);
            var after = Windows.Counters;
            statistics.SliceApplied(
                after.Processed - before.Processed, after.Late - before.Late, after.Collided - before.Collided, after.Corrected - before.Corrected, after.Conflicted - before.Conflicted);
            if (account is not null)
            {
                account.Set(Windows.Rows);
                if (after.Overflowed > before.Overflowed)
                {
                    account.PointsOverflowed(after.Overflowed - before.Overflowed);
                }

                if (after.Conflicted > before.Conflicted)
                {
                    account.KindConflicted(Windows.Kind);
                }
            }
        }

        return Status(applied: true);
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.Advance"/>
    public AggregatorStatus Advance(long begin, long previous, long watermark)
    {
        if (!Begin(begin) || previous > Windows.Position)
        {
            return Status(applied: false);
        }

        Windows.AdvanceWatermark(watermark);
        return Status(applied: true);
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.Flush"/>
    public async Task<AggregatorStatus> FlushAsync()
    {
        for (var chunks = 0; ; chunks++)
        {
            if (history is not null)
            {
                await history.CutAsync(Windows);
            }

            // Another chunk may have been what they waited for, with the snapshot written.
            var removed = Windows.RemoveExpired();
            account?.Set(Windows.Rows);

            // Slices go on being applied while storage writes, so what the snapshot holds is noted before.
            var status = Status(applied: true);
            var watermark = Windows.Watermark;
            if (status.Position > 0 && (status.Position > _persistedPosition || watermark > _persistedWatermark || removed || history is { IsChanged: true }))
            {
                await WriteAsync();
                if (status.Begin == Windows.Begin)
                {
                    _persistedPosition = status.Position;
                    _persistedWatermark = watermark;
                }
            }

            if (history is not { WantsMore: true } || chunks == MaxChunksPerFlush)
            {
                if (history is not null)
                {
                    await history.ClearAsync();
                    history.SetDue(Windows);
                }

                return status with
                {
                    Persisted = status.Begin == Windows.Begin ? _persistedPosition : 0,
                    Series = Windows.SeriesCount,

                    // Windows that closed while storage wrote are open in the snapshot.
                    NextCloseAt = Windows.Watermark == watermark ? NextCloseAt : Math.Min(status.NextCloseAt, NextCloseAt),
                    HistoryBytes = history?.StoredBytes ?? 0,
                    SnapshotBytes = _snapshotBytes,
                    Empty = IsEmpty && _persistedPosition == status.Position && status.Begin == Windows.Begin,
                };
            }
        }
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.Forget"/>
    public async Task ForgetAsync(long through)
    {
        if (Windows.Begin < through && history is not null)
        {
            // Nothing but numbers reserved for chunks, unless a stale activation was busy here.
            await history.ClearAllAsync();
        }

        if (Windows.Begin >= through)
        {
            // It may have begun anew just now; its next snapshot takes the place of the record.
            return;
        }

        if (state.RecordExists)
        {
            await ClearRecordAsync();
        }

        // What a stale partition may still send is refused from now on.
        Begin(through);
    }

    /// <inheritdoc cref="IAggregatorIngestGrain.GetHistory"/>
    public HistoryView ViewHistory(long from, long to)
    {
        // Without history on, what chunks there are is still read, and what is in memory beyond them.
        var manifest = Windows.History;
        var through = manifest?.Through ?? long.MinValue;
        return new HistoryView
        {
            Rows = Windows.WriteRows(Math.Max(through, from), long.MaxValue).Bytes,
            CorrectedRows = Windows.WriteCorrectedRows(Math.Max(manifest?.CorrectedThrough ?? long.MinValue, from), long.MaxValue).Bytes,
            FinalThrough = Windows.FinalThrough,
            Tiers = manifest is null ? [new HistoryTierView(0, long.MinValue, long.MinValue, [])] :
            [
                .. manifest.Tiers.Select(tier => new HistoryTierView(
                    tier.Step, tier.Through, tier.ExpiredThrough, [.. tier.Chunks.Where(chunk => chunk.From < to && chunk.To > from - Math.Max(tier.Step, _settings.Size))])),
            ],
        };
    }

    /// <summary>Where the aggregator stands.</summary>
    public AggregatorStatus Status(bool applied) => new()
    {
        Applied = applied,
        Position = Windows.Position,
        Persisted = _persistedPosition,
        Counters = Windows.Counters,
        Series = Windows.SeriesCount,
        Kind = Windows.Kind,
        NextCloseAt = NextCloseAt,
        HistoryBytes = history?.StoredBytes ?? 0,
        Begin = Windows.Begin,
        Watermark = Windows.Watermark,
        SnapshotBytes = _snapshotBytes,
    };

    /// <summary>Without history windows are forgotten soon, and take no late points; with it they do while they are kept as they came.</summary>
    private static WindowSettings SettingsOf(WindowSettings settings, AggregatorHistory? history)
    {
        var correctFor = history is null ? 0 : Math.Min(settings.CorrectFor, history.KeptAsTheyCame);
        return correctFor == settings.CorrectFor ? settings : settings with { CorrectFor = correctFor };
    }

    private bool IsEmpty => Windows.IsEmpty && Windows.History is null or { Chunks: 0, Doomed.Count: 0 } && history is not { IsBusy: true };

    /// <summary>When the watermark gets there, there is something to do even if no slice comes.</summary>
    private long NextCloseAt => history is null || history.DueAt <= Windows.Watermark ? Windows.NextCloseAt : Math.Min(Windows.NextCloseAt, history.DueAt);

    /// <summary>Drops what the partition has forgotten.</summary>
    /// <returns>False when the partition that asks is a stale one: it does not know yet that the metric was forgotten.</returns>
    private bool Begin(long begin)
    {
        if (begin > Windows.Begin)
        {
            StartAnew(begin);
        }

        return begin == Windows.Begin;
    }

    private void StartAnew(long begin)
    {
        var sink = Windows.FinalWindows;
        Windows = new MetricAggregator(_settings) { Begin = begin, FinalWindows = sink };
        _persistedPosition = 0;
        _persistedWatermark = 0;
        _snapshotBytes = 0;
        history?.StartAnew(Windows);
        account?.Set(0);
    }

    private async Task ClearRecordAsync()
    {
        try
        {
            await state.ClearStateAsync();
        }
        catch (InconsistentStateException)
        {
            statistics.ErrorHandled();
            deactivate();
            throw;
        }
    }

    private async Task WriteAsync()
    {
        var persisting = history?.BeginSnapshot();
        state.State.Bytes = Snapshot();
        var bytes = state.State.Bytes.Length;
        try
        {
            await state.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            statistics.ErrorHandled();

            // Until it has ended nothing that it has in memory alone counts as persisted.
            history?.SnapshotFailed();
            deactivate();
            throw;
        }
        catch (Exception)
        {
            statistics.ErrorHandled();
            history?.SnapshotFailed();
            throw;
        }
        finally
        {
            state.State.Bytes = [];
        }

        _snapshotBytes = bytes;
        statistics.SnapshotWritten();
        if (persisting is not null)
        {
            history!.SnapshotWritten(persisting);
        }
    }

    private byte[] Snapshot()
    {
        var buffer = s_buffer ??= new ArrayBufferWriter<byte>();
        buffer.ResetWrittenCount();
        Windows.WriteSnapshot(buffer);
        var snapshot = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > MaxKeptBytes)
        {
            s_buffer = null;
        }

        return snapshot;
    }
}
