using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>Does what <see cref="HistoryPlanner"/> has planned. Pure.</summary>
internal static class HistoryMerge
{
    /// <summary>The chunk that a job makes out of its inputs; null when no window is in its range.</summary>
    /// <exception cref="InvalidDataException">A chunk is damaged.</exception>
    public static (byte[] Bytes, ChunkEntry Entry)? Run(HistoryJob job, IEnumerable<byte[]> inputs)
    {
        var merger = new SeriesMerger();
        var isSet = false;
        foreach (var input in inputs)
        {
            var chunk = Chunk.Parse(input);
            merger.Add(chunk, job.From, job.To);
            isSet |= chunk.IsSet;
        }

        var writer = new ChunkWriter(merger.Columns, isSet);
        foreach (var (id, key) in merger.List())
        {
            writer.Write(id, key, merger.Merge(id, job.Step, sketches: true));
        }

        if (writer.Windows == 0)
        {
            return null;
        }

        var bytes = writer.Finish();
        return (bytes, new ChunkEntry(job.OutputId, writer.From, writer.To, bytes.Length, writer.Windows, Merged: true, Corrects: job.Step == 0 && job.Inputs[0].Corrects));
    }
}
