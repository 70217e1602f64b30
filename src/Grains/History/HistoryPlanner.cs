namespace OrleansMetrics.Grains.History;

/// <summary>What is to be merged, rolled up and cleared next. Pure.</summary>
internal static class HistoryPlanner
{
    /// <summary>The next thing to do, or null. Notes in the manifest what needs no work.</summary>
    /// <param name="manifest">The chunks.</param>
    /// <param name="settings">What is wanted.</param>
    /// <param name="outputId">The number for the result.</param>
    public static HistoryJob? Next(HistoryManifest manifest, HistorySettings settings, long outputId) =>
        Rollup(manifest, settings, outputId) ?? Merge(manifest, settings, outputId);

    /// <summary>Takes the result of a job over.</summary>
    /// <param name="manifest">The chunks.</param>
    /// <param name="job">What was to be done.</param>
    /// <param name="output">The new chunk; null: there were no windows.</param>
    /// <param name="now">Unix milliseconds.</param>
    public static void Complete(HistoryManifest manifest, HistoryJob job, ChunkEntry? output, long now)
    {
        var tier = manifest.TierOf(job.Step);
        if (job.Step == 0)
        {
            foreach (var input in job.Inputs)
            {
                tier.Chunks.RemoveAll(chunk => chunk.Id == input.Id);
                manifest.Doom(input.Id, now);
            }
        }
        else
        {
            tier.Through = job.To;
        }

        if (output is { } made)
        {
            tier.Chunks.Add(made);
        }
    }

    /// <summary>Drops the chunks that are older than they are to be kept, and that the next tier does not need any more.</summary>
    /// <param name="manifest">The chunks.</param>
    /// <param name="settings">How long they are kept.</param>
    /// <param name="watermark">The time by the log's clock, as windows have it.</param>
    /// <param name="now">The time by the silo's clock, to be noted.</param>
    /// <returns>True when there was one.</returns>
    public static bool Expire(HistoryManifest manifest, HistorySettings settings, long watermark, long now)
    {
        var any = false;
        for (var i = 0; i < manifest.Tiers.Count; i++)
        {
            var tier = manifest.Tiers[i];
            var keep = i == 0 ? settings.Tiers[0].Keep : settings.Tiers.FirstOrDefault(one => one.Step == tier.Step) is { Step: > 0 } known ? known.Keep : settings.Tiers[^1].Keep;
            var next = settings.Tiers.FirstOrDefault(one => one.Step > Math.Max(tier.Step, settings.Tiers[0].Step));
            var needed = next.Step == 0 ? long.MaxValue : manifest.TierOf(next.Step).Through;

            // A metric that has gone silent for good leaves nothing behind, rolled up or not.
            needed = Math.Max(needed, watermark - settings.Tiers[^1].Keep);
            foreach (var chunk in tier.Chunks.Where(chunk => chunk.To <= watermark - keep && chunk.To <= needed).OrderBy(static chunk => chunk.Corrects).ToList())
            {
                if (chunk.Corrects && tier.Chunks.Exists(other => !other.Corrects && other.From < chunk.To && other.To > chunk.From))
                {
                    // No window is to be read without its late points.
                    continue;
                }

                tier.Chunks.Remove(chunk);
                tier.ExpiredThrough = Math.Max(tier.ExpiredThrough, chunk.To);
                manifest.Doom(chunk.Id, now);
                any = true;
            }
        }

        return any;
    }

    /// <summary>The first time after another up to which windows are final and there is something to do that cannot be done before; <see cref="long.MaxValue"/>: none.</summary>
    /// <param name="manifest">The chunks.</param>
    /// <param name="settings">What is wanted.</param>
    /// <param name="after">The time.</param>
    /// <param name="settling">How much later windows are settled.</param>
    public static long NextTime(HistoryManifest manifest, HistorySettings settings, long after, long settling)
    {
        var next = long.MaxValue;
        void Note(long time, bool isSettled = false)
        {
            // Both kinds of chunks are cut after whole intervals of their own clock.
            time = SeriesMerger.StepStart(time - 1, settings.ChunkInterval) + settings.ChunkInterval + (isSettled ? settling : 0);
            next = time > after ? Math.Min(next, time) : next;
        }

        foreach (var chunk in manifest.Base.Chunks.Where(static chunk => !chunk.Merged))
        {
            Note(SeriesMerger.StepStart(chunk.From, settings.BlockOf(0)) + settings.BlockOf(0) + settings.MergeDelay, chunk.Corrects);
        }

        for (var i = 0; i < settings.Tiers.Count; i++)
        {
            var tier = i == 0 ? manifest.Base : manifest.TierOf(settings.Tiers[i].Step);
            foreach (var chunk in tier.Chunks)
            {
                Note(chunk.To + settings.Tiers[i].Keep);
            }

            if (i > 0 && StartOf(i == 1 ? manifest.Base : manifest.TierOf(settings.Tiers[i - 1].Step), tier) is var start and < long.MaxValue)
            {
                var block = settings.BlockOf(i);
                Note(SeriesMerger.StepStart(Math.Max(tier.Through, start), block) + block + settings.Tiers[0].Step + settings.MergeDelay, isSettled: true);
            }
        }

        return next;
    }

    /// <summary>The start of what has not been rolled up.</summary>
    private static long StartOf(TierChunks finer, TierChunks tier)
    {
        var start = long.MaxValue;
        foreach (var chunk in finer.Chunks)
        {
            start = chunk.To > tier.Through ? Math.Min(start, chunk.From) : start;
        }

        return start;
    }

    private static HistoryJob? Merge(HistoryManifest manifest, HistorySettings settings, long outputId)
    {
        var block = settings.BlockOf(0);
        for (var at = 0; at < manifest.Base.Chunks.Count; at++)
        {
            var first = manifest.Base.Chunks[at];
            var start = SeriesMerger.StepStart(first.From, block);
            if (first.Merged || start + block > (first.Corrects ? manifest.CorrectedThrough : manifest.Through) - settings.MergeDelay)
            {
                continue;
            }

            var inputs = new List<ChunkEntry>();
            var bytes = 0L;
            foreach (var chunk in manifest.Base.Chunks)
            {
                if (!chunk.Merged && chunk.Corrects == first.Corrects && chunk.From >= start && chunk.From < start + block && (inputs.Count == 0 || bytes + chunk.Bytes <= settings.MaxMergeBytes))
                {
                    inputs.Add(chunk);
                    bytes += chunk.Bytes;
                }
            }

            if (inputs.Count == 1)
            {
                manifest.Base.Chunks[at] = first with { Merged = true };
                continue;
            }

            return new HistoryJob { Inputs = [.. inputs], From = long.MinValue, To = long.MaxValue, Step = 0, OutputId = outputId };
        }

        return null;
    }

    private static HistoryJob? Rollup(HistoryManifest manifest, HistorySettings settings, long outputId)
    {
        for (var i = 1; i < settings.Tiers.Count; i++)
        {
            var (step, block) = (settings.Tiers[i].Step, settings.BlockOf(i));
            var tier = manifest.TierOf(step);
            var finer = i == 1 ? manifest.Base : manifest.TierOf(settings.Tiers[i - 1].Step);

            // Windows that are not aligned with blocks may reach beyond them. What is rolled up takes no late points any more.
            var through = Math.Min(manifest.Through, manifest.CorrectedThrough);
            var ready = i > 1 ? finer.Through : through == long.MinValue ? long.MinValue : through - settings.Tiers[0].Step - settings.MergeDelay;
            while (true)
            {
                // Where there is nothing, there is nothing to do.
                var start = StartOf(finer, tier);
                if (ready > long.MinValue && tier.Through < Math.Min(start, ready))
                {
                    tier.Through = Math.Max(tier.Through, SeriesMerger.StepStart(Math.Min(start, ready), step));
                }

                if (start == long.MaxValue)
                {
                    break;
                }

                start = Math.Max(tier.Through, SeriesMerger.StepStart(start, step));
                var end = SeriesMerger.StepStart(start, block) + block;
                if (end > ready)
                {
                    break;
                }

                var (inputs, to) = Inputs(finer, start, end, step, settings.MaxMergeBytes);
                if (inputs.Length == 0)
                {
                    tier.Through = to;
                    continue;
                }

                return new HistoryJob { Inputs = inputs, From = start, To = to, Step = step, OutputId = outputId };
            }
        }

        return null;
    }

    private static (ChunkEntry[] Inputs, long To) Inputs(TierChunks finer, long from, long to, int step, int maxBytes)
    {
        var inputs = finer.Chunks.Where(chunk => chunk.From < to && chunk.To > from).OrderBy(static chunk => chunk.Corrects).ToList();
        while (inputs.Count > 1 && inputs.Sum(static chunk => (long)chunk.Bytes) > maxBytes)
        {
            // Less time at once, but some.
            var latest = inputs.Max(static chunk => chunk.From);
            var cut = SeriesMerger.StepStart(latest, step);
            if (cut <= from)
            {
                break;
            }

            to = cut;
            inputs.RemoveAll(chunk => chunk.From >= to);
        }

        return ([.. inputs], to);
    }
}
