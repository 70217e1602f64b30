using System.Globalization;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Benchmarks.Aggregation;

/// <summary>Bytes that history writes and keeps per window of 10 s, of recorded points.</summary>
internal static class ChunkSizes
{
    private const int Minute = 60_000;
    private const int Size = 10_000;

    /// <param name="file">Lines of InfluxDB's line protocol as <c>host</c> sends them, with times in nanoseconds.</param>
    /// <param name="decimals">Decimal places that values are rounded to; null: as recorded.</param>
    /// <param name="output">Where to.</param>
    public static void Report(string file, int? decimals, TextWriter output)
    {
        var metrics = Read(file, decimals);
        output.WriteLine($"{metrics.Count} metrics, {metrics.Values.Sum(static points => points.Select(static point => SeriesKey.Hash(point.Key)).Distinct().Count())} series, "
            + $"values {(decimals is { } places ? $"of {places} decimals" : "as recorded")}");
        foreach (var (asNode, name) in new[] { (false, "a chunk a minute"), (true, "as a node cuts them") })
        {
            var sum = new Sizes();
            foreach (var points in metrics.Values)
            {
                sum.Add(Measure(points, asNode));
            }

            output.WriteLine($"{name}: {sum.Windows} windows in {sum.Cuts} chunks; bytes per window: {Per(sum.First)} as first written, merged {Per(sum.Merged)} "
                + $"(sketches {Per(sum.Sketches)}, keys and heads {Per(sum.Heads)}), windows of 1 min {Per(sum.RolledUp)}; written {Per(sum.Written)}, {sum.Written / (double)sum.Kept:0.00} times what stays");
            string Per(long bytes) => (bytes / (double)sum.Windows).ToString("0.00", CultureInfo.InvariantCulture);
        }
    }

    private static Dictionary<string, List<(long Time, byte[] Key, double Value)>> Read(string file, int? decimals)
    {
        var metrics = new Dictionary<string, List<(long Time, byte[] Key, double Value)>>();
        foreach (var line in File.ReadLines(file))
        {
            if (line.Split(' ') is not [var identity, var fields, var nanoseconds])
            {
                throw new InvalidDataException($"No line of host: {line}");
            }

            var parts = identity.Split(',');
            var key = SeriesKey.Encode([.. parts.Skip(1).Select(static tag => tag.Split('=')).Select(static tag => new Tag(tag[0], tag[1]))]);
            foreach (var field in fields.Split(','))
            {
                var value = double.Parse(field[(field.IndexOf('=', StringComparison.Ordinal) + 1)..].TrimEnd('i', 'u'), CultureInfo.InvariantCulture);
                var name = $"{parts[0]}_{field[..field.IndexOf('=', StringComparison.Ordinal)]}";
                metrics.TryAdd(name, []);
                metrics[name].Add((long.Parse(nanoseconds, CultureInfo.InvariantCulture) / 1_000_000, key, decimals is { } places ? Math.Round(value, places) : value));
            }
        }

        return metrics;
    }

    private static Sizes Measure(List<(long Time, byte[] Key, double Value)> points, bool asNode)
    {
        var options = new HistoryOptions();
        var aggregator = new MetricAggregator(MetricLoad.Settings);
        var chunks = new List<byte[]>();
        var sizes = new Sizes();
        var start = SeriesMerger.StepStart(points.Min(static point => point.Time), Minute) + Minute;
        var end = SeriesMerger.StepStart(points.Max(static point => point.Time), Minute);
        var (cut, position) = (start, 0L);
        aggregator.KeptAfter = cut;
        for (var at = start; at < end; at += Minute)
        {
            for (var window = at; window < at + Minute; window += Size)
            {
                Apply(aggregator, ++position, window, [.. points.Where(point => point.Time >= window && point.Time < window + Size)]);
            }

            var rows = aggregator.WriteRows(cut, at + Minute);
            if (rows.Windows > 0 && (!asNode || rows.Windows >= options.ChunkWindows || at + Minute - cut >= options.MaxChunkDelay.TotalMilliseconds || at + Minute == end))
            {
                chunks.Add(HistoryMerge.ToColumns(rows.Bytes));
                sizes.Windows += rows.Windows;
                sizes.First += chunks[^1].Length;
                aggregator.KeptAfter = cut = at + Minute;
            }
        }

        if (chunks.Count > 0)
        {
            sizes.Cuts = chunks.Count;
            var merged = chunks.Count > 1 ? HistoryJobs.Run(0, chunks) : chunks[0];
            sizes.Written = sizes.First + (chunks.Count > 1 ? merged.Length : 0);
            sizes.Merged = merged.Length;
            sizes.RolledUp = HistoryJobs.Run(Minute, [merged]).Length;
            sizes.Written += sizes.RolledUp;
            sizes.AddParts(merged);
        }

        return sizes;
    }

    private static void Apply(MetricAggregator aggregator, long position, long start, (long Time, byte[] Key, double Value)[] points)
    {
        var keys = points.Select(static point => point.Key).DistinctBy(static key => SeriesKey.Hash(key)).ToList();
        var writer = new PointBatchWriter("sizes"u8);
        var columns = writer.BeginSlice("host"u8, MetricKind.Gauge, points.Length, keys.Count, keys.Sum(static key => key.Length), start, wideTimes: false);
        foreach (var key in keys)
        {
            columns.AddDefinition(SeriesKey.Hash(key), key);
        }

        for (var i = 0; i < points.Length; i++)
        {
            columns.Ids[i] = SeriesKey.Hash(points[i].Key);
            columns.Values[i] = points[i].Value;
            columns.Times[i] = (int)(points[i].Time - start);
        }

        if (!PointBatch.TryParse(writer.Finish(0), out var batch, out var error))
        {
            throw new InvalidOperationException(error);
        }

        aggregator.Apply(new SliceReader(batch.Slices[0].ToArray()), position, start + Size);
    }

    private sealed class Sizes
    {
        public long Windows { get; set; }

        public long Cuts { get; set; }

        public long First { get; set; }

        public long Merged { get; set; }

        public long Sketches { get; set; }

        public long Heads { get; set; }

        public long RolledUp { get; set; }

        public long Written { get; set; }

        public long Kept => Merged + RolledUp;

        public void Add(Sizes other)
        {
            Windows += other.Windows;
            Cuts += other.Cuts;
            First += other.First;
            Merged += other.Merged;
            Sketches += other.Sketches;
            Heads += other.Heads;
            RolledUp += other.RolledUp;
            Written += other.Written;
        }

        public void AddParts(byte[] chunk)
        {
            var body = chunk.AsSpan(ChunkFormat.HeaderLength, chunk.Length - ChunkFormat.HeaderLength - ChunkFormat.TrailerLength);
            Heads += chunk.Length;
            foreach (var series in Chunk.Parse(chunk).Series)
            {
                var input = new SnapshotReader(body.Slice(series.Offset, series.Length));
                var columns = input.ReadBytes(input.ReadCount()).Length;
                var sketches = input.ReadBytes(input.ReadCount()).Length;
                Sketches += sketches;
                Heads -= columns + sketches;
            }
        }
    }
}
