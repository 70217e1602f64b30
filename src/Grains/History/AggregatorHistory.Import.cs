using OrleansMetrics.Grains.History.Backup;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

// Windows from elsewhere: chunks as others are, created under reserved numbers and named by the next snapshot. docs/decisions/016-import.md.
internal sealed partial class AggregatorHistory
{
    /// <summary>How many numbers the next snapshot reserves besides.</summary>
    private int _importIds;

    /// <summary>How often there were no chunks at the end of a flush, or the metric has begun anew: the partition may take it for empty since.</summary>
    public int EmptyLooks { get; private set; }

    /// <summary>What is kept.</summary>
    public HistorySettings Settings => settings;

    /// <summary>Whether there are as many numbers as a part needs. If not, the next snapshot brings them.</summary>
    public bool HasIdsFor(ImportPart part)
    {
        _importIds = part.Chunks.Count;
        return _usable.Count >= _importIds;
    }

    /// <summary>No more numbers are needed.</summary>
    public void EndImport() => _importIds = 0;

    /// <summary>A chunk that the manifest names; null when it is gone: another activation has taken this one's place.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public async Task<Chunk?> ReadAsync(ChunkEntry entry) => await store.ReadAsync(entry.Id) is { } bytes ? Chunk.Parse(bytes) : null;

    /// <summary>Creates the chunks of a part and names all of them, or none. The next snapshot says so.</summary>
    /// <returns>False: nothing was added; the numbers are given up.</returns>
    public async Task<bool> TryAddAsync(ImportPart part)
    {
        // Until all are there the numbers stay reserved: a snapshot that is written meanwhile knows of each.
        var (manifest, ids, created) = (Manifest, new List<long>(), true);
        for (var i = 0; i < part.Chunks.Count && created && manifest == Manifest; i++)
        {
            ids.Add(_usable.Min());
            _usable.Remove(ids[^1]);
            try
            {
                created = await store.TryCreateAsync(ids[^1], part.Chunks[i].Bytes);
            }
            catch (Exception)
            {
                // Whatever it is, nobody knows what became of it.
                statistics.ErrorHandled();
                created = false;
            }
        }

        if (manifest != Manifest)
        {
            // The metric has begun anew; what was reserved is cleared.
            return false;
        }

        Manifest.Reserved.RemoveAll(ids.Contains);
        IsChanged = true;
        for (var i = 0; i < ids.Count; i++)
        {
            if (created)
            {
                Manifest.TierOf(part.Chunks[i].Step).Chunks.Add(part.Chunks[i].Entry with { Id = ids[i] });
            }
            else
            {
                Manifest.Doom(ids[i], Now);
            }
        }

        return created;
    }
}
