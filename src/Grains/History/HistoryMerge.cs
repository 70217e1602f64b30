using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>Does what <see cref="HistoryPlanner"/> has planned. Pure.</summary>
internal static class HistoryMerge
{
    /// <summary>The chunk that a job makes out of its inputs; null when no window is in its range.</summary>
    /// <exception cref="InvalidDataException">A chunk is damaged.</exception>
    public static (byte[] Bytes, ChunkEntry Entry)? Run(HistoryJob job, IEnumerable<byte[]> inputs)
    {
        var writer = Merge(inputs, job.From, job.To, job.Step);
        if (writer.Windows == 0)
        {
            return null;
        }

        var bytes = writer.Finish();
        return (bytes, new ChunkEntry(job.OutputId, writer.From, writer.To, bytes.Length, writer.Windows, Merged: true, Corrects: job.Step == 0 && job.Inputs[0].Corrects));
    }

    /// <summary>The windows of a chunk of rows, in columns.</summary>
    public static byte[] ToColumns(byte[] rows) => Merge([rows], long.MinValue, long.MaxValue, step: 0).Finish();

    private static ChunkWriter Merge(IEnumerable<byte[]> inputs, long from, long to, int step)
    {
        var merger = new SeriesMerger();
        var isSet = false;
        foreach (var input in inputs)
        {
            var chunk = Chunk.Parse(input);
            merger.Add(chunk, from, to);
            isSet |= chunk.IsSet;
        }

        // What is not added up is passed on as it is.
        var sketches = step == 0 ? SketchReading.Bits : SketchReading.Full;
        var writer = new ChunkWriter(merger.Columns, isSet);
        foreach (var (id, key) in merger.List())
        {
            writer.Write(id, key, merger.Merge(id, step, sketches));
        }

        return writer;
    }
}
