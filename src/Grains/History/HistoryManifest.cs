using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// Which chunks a metric's history consists of. Part of the aggregator's snapshot, and fenced with it: a chunk that no snapshot names does not exist for readers.
/// </summary>
/// <remarks>Bytes: docs/formats/snapshot.md, "History".</remarks>
public sealed class HistoryManifest
{
    private const int MaxTiers = 16;

    /// <summary>Final windows that end at or before this are in chunks; <see cref="long.MinValue"/>: none.</summary>
    public long Through { get; internal set; } = long.MinValue;

    /// <summary>Late points of windows that end at or before this are in chunks, and no more come; <see cref="long.MinValue"/>: none.</summary>
    public long CorrectedThrough { get; internal set; } = long.MinValue;

    /// <summary>No chunk has had this number or a higher one.</summary>
    internal long NextId { get; set; } = 1;

    /// <summary>Numbers under which a chunk may be written next, or may have been.</summary>
    internal List<long> Reserved { get; } = [];

    /// <summary>Numbers whose chunks, if there are any, are to be cleared, and since when, Unix milliseconds.</summary>
    internal List<(long Id, long Since)> Doomed { get; } = [];

    /// <summary>Windows as they came first, then by ascending step.</summary>
    internal List<TierChunks> Tiers { get; } = [new TierChunks(0)];

    /// <summary>The chunks of windows as they came.</summary>
    internal TierChunks Base => Tiers[0];

    /// <summary>Bytes of all chunks.</summary>
    public long Bytes => Tiers.Sum(static tier => tier.Chunks.Sum(static chunk => (long)chunk.Bytes));

    /// <summary>Number of chunks.</summary>
    public int Chunks => Tiers.Sum(static tier => tier.Chunks.Count);

    /// <summary>The rollup of a step, added when there is none.</summary>
    internal TierChunks TierOf(int step)
    {
        var at = Tiers.FindIndex(tier => tier.Step >= step);
        if (at >= 0 && Tiers[at].Step == step)
        {
            return Tiers[at];
        }

        var added = new TierChunks(step);
        Tiers.Insert(at < 0 ? Tiers.Count : at, added);
        return added;
    }

    internal void Doom(long id, long now) => Doomed.Add((id, now));

    internal void WriteTo(SnapshotBuffer writer)
    {
        writer.Zigzag(Through);
        writer.Zigzag(CorrectedThrough);
        writer.Varint((ulong)NextId);
        writer.Varint((ulong)Reserved.Count);
        foreach (var id in Reserved)
        {
            writer.Varint((ulong)(NextId - id));
        }

        writer.Varint((ulong)Doomed.Count);
        foreach (var (id, since) in Doomed)
        {
            writer.Varint((ulong)(NextId - id));
            writer.Zigzag(since);
        }

        writer.Varint((ulong)Tiers.Count);
        foreach (var tier in Tiers)
        {
            writer.Varint((ulong)tier.Step);
            writer.Zigzag(tier.Through);
            writer.Zigzag(tier.ExpiredThrough);
            writer.Varint((ulong)tier.Chunks.Count);
            var before = 0L;
            foreach (var chunk in tier.Chunks)
            {
                writer.Varint((ulong)(NextId - chunk.Id));
                writer.Zigzag(chunk.From - before);
                writer.Varint((ulong)(chunk.To - chunk.From));
                writer.Varint((ulong)chunk.Bytes);
                writer.Varint(((ulong)chunk.Windows << 2) | (chunk.Corrects ? 2UL : 0) | (chunk.Merged ? 1UL : 0));
                before = chunk.To;
            }
        }
    }

    internal static HistoryManifest ReadFrom(ref SnapshotReader input, int version)
    {
        var manifest = new HistoryManifest { Through = input.ReadZigzag(), CorrectedThrough = version >= 4 ? input.ReadZigzag() : long.MinValue, NextId = input.ReadCount() };
        for (var i = input.ReadCount(); i > 0; i--)
        {
            manifest.Reserved.Add(manifest.ReadId(ref input));
        }

        for (var i = input.ReadCount(); i > 0; i--)
        {
            manifest.Doomed.Add((manifest.ReadId(ref input), input.ReadZigzag()));
        }

        var tiers = input.ReadCount();
        if (tiers is < 1 or > MaxTiers)
        {
            throw new InvalidDataException($"a history has {tiers} resolutions");
        }

        manifest.Tiers.Clear();
        for (var i = 0; i < tiers; i++)
        {
            var step = input.ReadCount();
            if (step > int.MaxValue || (i == 0) != (step == 0) || (i > 0 && step <= manifest.Tiers[^1].Step))
            {
                throw new InvalidDataException("the resolutions of a history are not in order");
            }

            manifest.ReadTier(ref input, (int)step, version);
        }

        return manifest;
    }

    private void ReadTier(ref SnapshotReader input, int step, int version)
    {
        var flags = version >= 4 ? 2 : 1;
        var tier = new TierChunks(step) { Through = input.ReadZigzag(), ExpiredThrough = input.ReadZigzag() };
        Tiers.Add(tier);
        var before = 0L;
        for (var i = input.ReadCount(); i > 0; i--)
        {
            var id = ReadId(ref input);
            var from = before + input.ReadZigzag();
            var length = input.ReadCount();
            var (bytes, windows) = (input.ReadCount(), input.ReadCount());
            if (from <= MetricAggregator.EarliestTime - int.MaxValue || from > MetricAggregator.LatestTime || length is < 1 or > long.MaxValue / 4 || bytes > int.MaxValue || windows >> flags > int.MaxValue)
            {
                throw new InvalidDataException($"a chunk has {bytes} bytes of {length} ms from {from} on");
            }

            before = from + length;
            var corrects = flags > 1 && (windows & 2) != 0;
            if (corrects && step > 0)
            {
                throw new InvalidDataException("a rollup has late points apart");
            }

            tier.Chunks.Add(new ChunkEntry(id, from, before, (int)bytes, (int)(windows >> flags), (windows & 1) != 0, corrects));
        }
    }

    private long ReadId(ref SnapshotReader input)
    {
        var back = input.ReadCount();
        return back > 0 && back < NextId ? NextId - back : throw new InvalidDataException("a chunk has a number that there is not yet");
    }
}
