using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Tests.Aggregation;
using Xunit.Abstractions;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>Days of a metric of several servers, killed at random: every query at every resolution equals what its points say.</summary>
public sealed class DayOfHistoryTests(ITestOutputHelper output)
{
    private const int Seconds = 1_000;
    private const int Servers = 12;
    private const long Hour = 3_600 * Seconds;
    private const long Day = 24 * Hour;
    private static readonly long Start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly WindowSettings Windows = new(10 * Seconds, 10 * Seconds, 6, [0.5, 0.99]) { CorrectFor = Hour };

    private static readonly HistorySettings History = new(
        [new(10 * Seconds, 2 * Hour), new(60 * Seconds, 2 * Day), new(600 * Seconds, 30 * Day), new((int)Hour, 730 * Day)], 60 * Seconds, 256, 600 * Seconds, 8 << 20, 360, 100 * Seconds);

    [Theory]
    [InlineData(1, 24)]
    [InlineData(2, 20)]
    public async Task Every_range_at_every_resolution_equals_its_points(int seed, int blockWindows)
    {
        var random = new Random(seed);
        var metric = new MetricWithHistory(Windows, History with { BlockWindows = blockWindows });
        await metric.StartAsync();
        var points = new List<Sent>();
        var delayed = new PriorityQueue<(int Server, long Time, double Value), long>();
        var end = Start + 3 * Day / 2;
        var (position, kills, bytes, tooLate) = (0L, 0, 0L, 0);
        for (var now = Start; now < end; now += 30 * Seconds)
        {
            metric.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(now));
            var slice = new List<TestPoint>();
            void Send((int Server, long Time, double Value) point)
            {
                slice.Add(new TestPoint(SeriesKey.Hash(KeyOf(point.Server)), point.Value, point.Time));
                var finalAt = SeriesMerger.StepStart(point.Time, Windows.Size) + Windows.Size + Windows.AllowedLateness;
                if (finalAt + Windows.CorrectFor > now)
                {
                    points.Add(new Sent(point.Server, point.Time, point.Value, Late: finalAt <= now));
                }
                else
                {
                    tooLate++;
                }
            }

            for (var server = 0; server < Servers; server++)
            {
                // One is silent for half of the time, and one comes late, but not too late.
                if (server == 3 && now / Hour % 2 == 0)
                {
                    continue;
                }

                for (var at = now; at < now + 30 * Seconds; at += 5 * Seconds)
                {
                    var time = server == 4 ? at - 8 * Seconds : at;
                    var value = server % 2 == 0 ? random.Next(-500, 5_000) / 10.0 : random.Next(1_000);
                    if (server == 6 && random.Next(10) == 0)
                    {
                        // Another value of the same time, which counts when it is the last.
                        delayed.Enqueue((server, time, value + 1), now + random.Next(1, 50) * 60L * Seconds);
                    }

                    if (DelayOf(server, now, random) is > 0 and var delay)
                    {
                        delayed.Enqueue((server, time, value), now + delay);
                    }
                    else
                    {
                        Send((server, time, value));
                    }
                }
            }

            while (delayed.TryPeek(out var late, out var due) && due <= now)
            {
                delayed.Dequeue();
                Send(late);
            }

            var definitions = Enumerable.Range(0, Servers).Select(static server => new TestDefinition(SeriesKey.Hash(KeyOf(server)), KeyOf(server))).ToArray();
            metric.Apply(++position, now, new TestSliceBytes(new TestSlice([.. slice], definitions).ToBytes()));
            if (random.Next(200) == 0)
            {
                kills++;
                await metric.StartAsync();
            }

            await metric.FlushAsync(loseJob: random.Next(20) == 0);
            if (random.Next(400) == 0)
            {
                await CheckAsync(metric, points, now - Hour, now + 30 * Seconds, 10 * Seconds, now + 20 * Seconds);
                await CheckAsync(metric, points, now - 3 * Hour, now + 30 * Seconds, 60 * Seconds, now + 20 * Seconds);
            }
        }

        var final = end - 10 * Seconds;
        var manifest = metric.Manifest;
        output.WriteLine($"{kills} kills, {points.Count} points, {manifest.Chunks} chunks, {manifest.Bytes} bytes, {metric.Chunks.BytesWritten} written, {metric.Chunks.All.Count} stored");
        foreach (var tier in manifest.Tiers)
        {
            bytes = tier.Chunks.Sum(static chunk => (long)chunk.Bytes);
            output.WriteLine($"{tier.Step / Seconds} s: {tier.Chunks.Count} chunks, {tier.Chunks.Sum(static chunk => chunk.Windows)} windows, {bytes} bytes, through {DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(0, tier.Through)):u}, expired {tier.ExpiredThrough > long.MinValue}");
        }

        Assert.True(kills > 5, $"{kills} kills");
        Assert.True(tooLate > 20 && points.Count(static point => point.Late) > 5_000, $"{tooLate} too late");
        Assert.Contains(manifest.Base.Chunks, static chunk => chunk.Corrects);
        Assert.True(manifest.Base.ExpiredThrough > Start, "base windows have expired");
        Assert.All(manifest.Tiers.Skip(1), static tier => Assert.NotEmpty(tier.Chunks));
        foreach (var step in new[] { 60, 120, 600, 1_200, 3_600, 7_200 })
        {
            await CheckAsync(metric, points, Start, end, step * Seconds, final);
            for (var i = 0; i < 10; i++)
            {
                var from = Start + random.NextInt64(end - Start);
                await CheckAsync(metric, points, from, Math.Min(end, from + 1 + random.NextInt64(6 * Hour)), step * Seconds, final);
            }
        }

        // Windows as they are, while they are kept.
        await CheckAsync(metric, points, end - Hour, end, 10 * Seconds, final);
        await CheckAsync(metric, points, end - 2 * Hour + 5 * 60 * Seconds, end, 30 * Seconds, final);
        Assert.True(metric.Chunks.All.Count <= manifest.Chunks + manifest.Reserved.Count + manifest.Doomed.Count, "chunks that nobody knows of");
    }

    [Fact]
    public async Task Without_rollups_windows_are_read_with_their_late_points_or_not_at_all()
    {
        var random = new Random(3);
        var windows = Windows with { CorrectFor = Hour / 2 };
        var metric = new MetricWithHistory(windows, History with { Tiers = [new(10 * Seconds, Hour)], BlockWindows = 60, ChunkWindows = 0, MaxMergeBytes = 500 });
        await metric.StartAsync();
        var key = KeyOf(1);
        var counts = new SortedDictionary<long, int>();
        int whole = 0, expired = 0;
        for (var now = Start; now < Start + 6 * Hour; now += 10 * Seconds)
        {
            metric.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(now));
            var points = Enumerable.Range(0, 3).Select(i => new TestPoint(SeriesKey.Hash(key), i, i == 0 ? now : Math.Max(Start, now - random.Next(1, 179) * 10L * Seconds))).ToArray();
            foreach (var point in points)
            {
                counts[point.Time] = counts.GetValueOrDefault(point.Time) + 1;
            }

            metric.Apply((now - Start) / Seconds + 1, now, new TestSliceBytes(new TestSlice(points, [new TestDefinition(SeriesKey.Hash(key), key)]).ToBytes()));
            await metric.FlushAsync();
            if (now < Start + Hour || random.Next(20) > 0)
            {
                continue;
            }

            var answer = await metric.QueryAsync(new RangeQuery { From = DateTimeOffset.FromUnixTimeMilliseconds(Start), To = DateTimeOffset.FromUnixTimeMilliseconds(now + 1), Step = TimeSpan.Zero });
            var found = Assert.Single(answer).Windows;
            Assert.All(found, window => Assert.Equal((window.Start, counts[window.Start.ToUnixTimeMilliseconds()]), (window.Start, (int)window.Count)));
            Assert.All(counts.Keys.Where(time => time > now - Hour), time => Assert.Contains(found, window => window.Start.ToUnixTimeMilliseconds() == time));
            whole += found.Count;
            expired += counts.Count - found.Count;
        }

        Assert.True(whole > 10_000 && expired > 10_000, $"{whole} windows, {expired} expired");
    }

    [Fact]
    public async Task A_metric_that_falls_silent_leaves_nothing_behind()
    {
        var metric = new MetricWithHistory(Windows, History with { Tiers = [new(10 * Seconds, Hour), new(60 * Seconds, 10 * Hour)] });
        await metric.StartAsync();
        var key = KeyOf(1);
        var (position, advanced) = (0L, 0);
        for (var now = Start; now < Start + 30 * Hour; now += 60 * Seconds)
        {
            metric.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(now));
            if (now < Start + 3 * Hour)
            {
                metric.Apply(++position, now, new TestSliceBytes(new TestSlice([new TestPoint(SeriesKey.Hash(key), now % 7, now), new TestPoint(SeriesKey.Hash(key), 1, now - 50 * 60 * Seconds)], [new TestDefinition(SeriesKey.Hash(key), key)]).ToBytes()));
            }
            else if (now >= metric.NextCloseAt)
            {
                advanced++;
                metric.Advance(now);
            }
            else
            {
                continue;
            }

            if (now % 7 == 0)
            {
                await metric.StartAsync();
            }

            await metric.FlushAsync();
            if (now > Start + 4 * Hour && now < Start + 10 * Hour)
            {
                Assert.NotEmpty(metric.Chunks.All);
            }
        }

        output.WriteLine($"asked for {advanced} times in silence");
        Assert.InRange(advanced, 5, 150);
        Assert.Empty(metric.Chunks.All);
        Assert.Equal((0, 0L), (metric.Manifest.Chunks, metric.Manifest.Bytes));
    }

    private static async Task CheckAsync(MetricWithHistory metric, List<Sent> points, long from, long to, int step, long final)
    {
        var query = new RangeQuery { From = DateTimeOffset.FromUnixTimeMilliseconds(from), To = DateTimeOffset.FromUnixTimeMilliseconds(to), Step = TimeSpan.FromMilliseconds(step), Quantiles = [0.5, 0.99] };
        var (first, last) = (SeriesMerger.StepStart(from, step), SeriesMerger.StepStart(to - 1, step) + step);
        var inRange = points.Where(point => point.Time >= first && point.Time < last).ToList();
        var answer = await metric.QueryAsync(query);
        Check(answer.ToDictionary(static series => series.Tags[0].Value), inRange.GroupBy(static point => point.Server.ToString()), step, final);
        answer = await metric.QueryAsync(query with { GroupBy = ["rack"] });
        Check(answer.ToDictionary(static series => series.Tags[0].Value), inRange.GroupBy(static point => (point.Server % 3).ToString()), step, final, isSeries: false);
        answer = await metric.QueryAsync(query with { Tags = [new Tag("host", "4")] });
        Check(answer.ToDictionary(static series => series.Tags[0].Value), inRange.Where(static point => point.Server == 4).GroupBy(static point => "4"), step, final);
    }

    private static void Check(Dictionary<string, SeriesRange> answer, IEnumerable<IGrouping<string, Sent>> expected, int step, long final, bool isSeries = true)
    {
        var count = 0;
        foreach (var series in expected)
        {
            count++;
            var windows = answer[series.Key].Windows;
            var groups = series.GroupBy(point => SeriesMerger.StepStart(point.Time, step)).OrderBy(static group => group.Key).ToList();
            Assert.Equal(groups.Select(static group => DateTimeOffset.FromUnixTimeMilliseconds(group.Key)), windows.Select(static window => window.Start));
            foreach (var (group, window) in groups.Zip(windows))
            {
                var values = group.Select(static point => point.Value).Order().ToList();
                Assert.Equal(TimeSpan.FromMilliseconds(step), window.End - window.Start);
                Assert.Equal((values.Count, values[0], values[^1]), (window.Count, window.Min, window.Max));
                Assert.Equal(values.Sum(), window.Sum, 1e-7 * values.Count);

                // How many were late is known until they are rolled up.
                var revision = group.Count(static point => point.Late);
                Assert.InRange(window.Revision, step < 60 * Seconds ? revision : 0, revision);
                Assert.Equal(window.End.ToUnixTimeMilliseconds() <= final - 30 * Seconds, window.Final);
                var lastAt = group.Max(static point => point.Time);
                Assert.Equal(lastAt, window.LastUpdated.ToUnixTimeMilliseconds());
                var last = group.Where(point => point.Time == lastAt).Select(static point => point.Value);
                Assert.Contains(window.Last, last);
                if (isSeries)
                {
                    // Points are in the order in which they were sent.
                    Assert.Equal(last.Last(), window.Last);
                }

                foreach (var quantile in window.Quantiles)
                {
                    var exact = values[(int)Math.Ceiling(quantile.Probability * values.Count * (1 - 4e-16)) - 1];
                    Assert.True(Math.Abs(quantile.Value - exact) <= 0.011 * Math.Abs(exact) + 1e-9, $"quantile {quantile.Probability} of {values.Count}: {quantile.Value}, exactly {exact}");
                }
            }
        }

        Assert.Equal(count, answer.Count);
    }

    /// <summary>One sends some points up to an hour late, one keeps all of them back for a while, and some come too late.</summary>
    private static long DelayOf(int server, long now, Random random) => server switch
    {
        5 when random.Next(6) == 0 => random.Next(1, 56) * 60L * Seconds,
        7 => 45 * 60 * Seconds - (now % (45 * 60 * Seconds)),
        9 when random.Next(300) == 0 => 80 * 60 * Seconds,
        _ => 0,
    };

    private static byte[] KeyOf(int server) => SeriesKey.Encode([new Tag("host", server.ToString()), new Tag("rack", (server % 3).ToString())]);

    private sealed record Sent(int Server, long Time, double Value, bool Late);
}
