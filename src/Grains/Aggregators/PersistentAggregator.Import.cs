using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Backup;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.Aggregators;

// Windows from elsewhere. docs/decisions/016-import.md says why it holds.
internal sealed partial class PersistentAggregator
{
    private readonly Guid _activation = Guid.NewGuid();

    /// <summary>The <see cref="AggregatorHistory.EmptyLooks"/> when the partition was last known not to take the metric for empty.</summary>
    private int _confirmedAt = -1;

    private string? Doubt => history is null || history.EmptyLooks == _confirmedAt ? null : $"{_activation:N}/{history.EmptyLooks}";

    /// <summary>The partition has persisted a state that knows of the metric, after an import.</summary>
    /// <param name="begin">What was answered then.</param>
    /// <param name="doubt">What was answered then.</param>
    /// <returns>False: the metric has begun anew, and what was imported is forgotten.</returns>
    public bool Confirm(long begin, string doubt)
    {
        if (begin != Windows.Begin)
        {
            return false;
        }

        // Of another activation it says nothing: that one asks again.
        _confirmedAt = history is not null && doubt == Doubt ? history.EmptyLooks : _confirmedAt;
        return true;
    }

    /// <summary>Takes windows from elsewhere into history. Awaits storage, as <see cref="FlushAsync"/> does, and may not be called while that is under way, nor it during this.</summary>
    public async Task<AggregatorImport> ImportAsync(WindowImport import)
    {
        if (history is null)
        {
            return Answer(ImportStatus.NoHistory);
        }

        if (Windows.Position == 0 || !Windows.IsFormDecided)
        {
            return new AggregatorImport(null, Windows.Begin, Doubt);
        }

        if (Windows.Kind != import.Kind)
        {
            return Answer(ImportStatus.KindConflict);
        }

        if (history.IsBusy)
        {
            // A rollup under way does not know what is added now.
            return Answer(ImportStatus.Busy);
        }

        try
        {
            return await ImportAsync(import, history);
        }
        finally
        {
            history.EndImport();
            history.SetDue(Windows);
        }
    }

    private async Task<AggregatorImport> ImportAsync(WindowImport import, AggregatorHistory into)
    {
        var before = Windows;
        await into.CutAsync(before);
        if (before != Windows)
        {
            return Answer(ImportStatus.Busy);
        }

        ImportPlan.Prepare(into.Manifest, into.Settings, before.Watermark);
        var plan = new ImportPlan(import, into.Manifest, into.Settings, before);
        var imported = 0;
        if (!plan.IsEmpty)
        {
            if (before.WriteRows(plan.From, long.MaxValue).Bytes is { Length: > 0 } rows)
            {
                plan.AddThere(0, Chunk.Parse(rows));
            }

            foreach (var (tier, entry) in plan.Overlapping())
            {
                if (await into.ReadAsync(entry) is not { } chunk)
                {
                    return Answer(ImportStatus.Busy);
                }

                plan.AddThere(tier, chunk);
            }

            foreach (var part in plan.Parts())
            {
                if (before != Windows || !await TryImportAsync(part, into))
                {
                    return Answer(ImportStatus.Busy, plan, imported);
                }

                imported += part.Windows;
            }
        }

        if (before == Windows && into.IsChanged)
        {
            // What was found to be there may not be persisted yet, either.
            await PersistAsync();
        }

        return Answer(before == Windows ? ImportStatus.Done : ImportStatus.Busy, plan, imported);
    }

    private async Task<bool> TryImportAsync(ImportPart part, AggregatorHistory into)
    {
        var before = Windows;
        if (!into.HasIdsFor(part))
        {
            await PersistAsync();
        }

        if (before != Windows || !await into.TryAddAsync(part))
        {
            return false;
        }

        await PersistAsync();
        return before == Windows;
    }

    /// <summary>Writes a snapshot.</summary>
    private async Task PersistAsync()
    {
        var (begin, position, watermark) = (Windows.Begin, Windows.Position, Windows.Watermark);
        await WriteAsync();
        if (begin == Windows.Begin)
        {
            (_persistedPosition, _persistedWatermark) = (position, watermark);
        }
    }

    private AggregatorImport Answer(ImportStatus status, ImportPlan? plan = null, int imported = 0) => new(
        new ImportResult
        {
            Status = status,
            Kind = Windows.Kind,
            Imported = imported,
            AlreadyThere = plan?.AlreadyThere ?? 0,
            Expired = plan?.Expired ?? 0,
            Refused = plan?.Refused ?? 0,
            Errors = plan?.Errors ?? [],
        },
        Windows.Begin,
        Doubt);
}
