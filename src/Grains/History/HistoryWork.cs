namespace OrleansMetrics.Grains.History;

/// <summary>Does a job: reads its chunks, makes the new one and stores it.</summary>
internal static class HistoryWork
{
    /// <summary>Nothing is replaced by this: whoever asked names the new chunk in a snapshot, or clears it.</summary>
    /// <returns>Whether it was made, and the new chunk; null: there were no windows, and nothing was stored.</returns>
    /// <exception cref="InvalidDataException">A chunk is damaged.</exception>
    public static async Task<(bool Created, ChunkEntry? Output)> RunAsync(HistoryJob job, IChunkStore store)
    {
        var inputs = new byte[job.Inputs.Length][];
        for (var i = 0; i < inputs.Length; i++)
        {
            if (await store.ReadAsync(job.Inputs[i].Id) is not { } chunk)
            {
                // Replaced meanwhile: whoever asked is not the aggregator any more.
                return (false, null);
            }

            inputs[i] = chunk;
        }

        if (HistoryMerge.Run(job, inputs) is not { } made)
        {
            return (true, null);
        }

        return await store.TryCreateAsync(job.OutputId, made.Bytes) ? (true, made.Entry) : (false, null);
    }
}
