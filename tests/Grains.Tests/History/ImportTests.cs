using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Tests.Aggregation;
using Xunit.Abstractions;

namespace OrleansMetrics.Grains.Tests.History;

/// <summary>What leaves one metric's history and comes into another's.</summary>
public sealed class ImportTests(ITestOutputHelper output)
{
    private const int Seconds = 1_000;
    private const int Servers = 5;
    private const long Minute = 60 * Seconds;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;
    private static readonly long Start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly WindowSettings Windows = new(10 * Seconds, 10 * Seconds, 6, [0.5, 0.99]) { CorrectFor = Hour };

    private static readonly HistorySettings History = new(
        [new(10 * Seconds, Hour), new(60 * Seconds, 6 * Hour), new(600 * Seconds, 20 * Hour), new((int)Hour, 730 * Day)], 60 * Seconds, 256, 600 * Seconds, 8 << 20, 24, 100 * Seconds);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 200)]
    [InlineData(4, 0)]
    public async Task What_is_exported_and_imported_answers_every_query_as_before_whatever_is_killed(int seed, int hoursLater)
    {
        var random = new Random(seed);
        var (source, end) = await FillAsync(random);
        var exported = await source.ExportAsync(new ExportQuery());
        var windows = exported.Sum(static series => series.Windows.Length);
        AssertEachPointOnce(exported);
        Assert.Equal([10, 60, 600, 3_600], exported.SelectMany(static series => series.Windows).Select(static window => (int)(window.End - window.Start).TotalSeconds).Distinct().Order());

        // Another cluster, to which senders may have come back already.
        var now = end + (hoursLater * Hour) + Minute;
        var (target, position) = await BeginAsync(now, live: seed % 2 == 0);
        var (imported, kills, rounds) = (0, 0, 0);
        var requests = RequestsOf(exported, random).ToList();
        if (seed % 4 == 0)
        {
            requests.Reverse();
        }

        foreach (var request in requests)
        {
            for (var done = false; !done; rounds++)
            {
                if (random.Next(2) == 0)
                {
                    target.Faults.FailAfter(random.Next(random.Next(2) == 0 ? 4 : 30), random.Next(2) == 0);
                }

                try
                {
                    var result = (await target.ImportAsync(request)).Result!;
                    imported += result.Imported;
                    done = result.Status == ImportStatus.Done;
                    Assert.Equal((0, 0), (result.Refused, result.Expired));
                    Assert.True(!done || result.Imported + result.AlreadyThere == request.Series.Sum(static series => series.Windows.Length), "a window is missing");
                }
                catch (IOException)
                {
                    // Whoever asked asks again.
                }

                target.Faults.Clear();
                if (random.Next(3) == 0)
                {
                    kills++;
                    await target.StartAsync();
                }

                if (random.Next(3) == 0)
                {
                    await target.FlushAsync(loseJob: random.Next(3) == 0);
                }
            }
        }

        output.WriteLine($"{windows} windows in {requests.Count} requests, {rounds} rounds, {kills} kills, {imported} counted as imported; {target.Manifest.Chunks} chunks, {source.Manifest.Chunks} before");
        Assert.True(kills > 3 && rounds > requests.Count + 3, $"{kills} kills, {rounds} rounds");
        await AssertEqualAsync(source, target, end, [10 * Seconds, 60 * Seconds, 600 * Seconds, (int)Hour, 2 * (int)Hour]);
        Assert.Equal((0, windows), await RepeatAsync(target, requests));

        // And from the snapshot; and when all is rolled up, and the shortest windows have expired.
        await target.StartAsync();
        await AssertEqualAsync(source, target, end, [10 * Seconds, 60 * Seconds, (int)Hour]);
        for (var later = now + Minute; later < now + (10 * Hour); later += Minute)
        {
            target.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(later));
            target.Apply(++position, later, new TestSliceBytes(new TestSlice([], []).ToBytes()));
            await target.FlushAsync(loseJob: random.Next(20) == 0);
            if (random.Next(50) == 0)
            {
                await target.StartAsync();
            }
        }

        await AssertEqualAsync(source, target, end, [(int)Hour, 2 * (int)Hour]);
        Assert.Equal((0, windows), await RepeatAsync(target, requests));
        Assert.True(target.Manifest.Base.ExpiredThrough > end, "the shortest windows have expired");
        Assert.True(target.Chunks.All.Count <= target.Manifest.Chunks + target.Manifest.Reserved.Count + target.Manifest.Doomed.Count, "chunks that nobody knows of");
    }

    [Fact]
    public async Task Windows_of_hours_go_where_hours_are_kept_and_shorter_ones_beside_them_are_rolled_up_with_what_is_there()
    {
        var now = Start + (40 * Day);
        var (metric, _) = await BeginAsync(now, live: false);
        var series = new[] { new Tag("host", "x") };
        StoredWindow Window(long start, long size, params double[] values) => new()
        {
            Start = DateTimeOffset.FromUnixTimeMilliseconds(start),
            End = DateTimeOffset.FromUnixTimeMilliseconds(start + size),
            Count = values.Length,
            Last = values[^1],
            LastUpdated = DateTimeOffset.FromUnixTimeMilliseconds(start + size - 1),
            Values = values,
        };

        var month = Enumerable.Range(0, 30 * 24).Select(hour => Window(Start + (hour * Hour), Hour, 1, 2, 3)).ToArray();
        var day = Enumerable.Range(0, 24 * 60).Select(minute => Window(now - Day - Hour + (minute * Minute), Minute, minute)).ToArray();
        Assert.Equal((720, 0), await ImportAsync(metric, series, month));
        Assert.Equal((1_440, 0), await ImportAsync(metric, series, day));
        Assert.Equal((0, 720), await ImportAsync(metric, series, month));
        Assert.True(metric.Manifest.TierOf((int)Hour).Chunks.Count < 20, "old windows are not in small pieces");

        var hours = Assert.Single(await metric.QueryAsync(Range(Start, now, (int)Hour))).Windows;
        Assert.Equal(720 + 24, hours.Count);
        Assert.All(hours.Take(720), static hour => Assert.Equal((3, 6.0, 1.0, 3.0), (hour.Count, hour.Sum, hour.Min, hour.Max)));
        Assert.Equal(Enumerable.Range(0, 24).Select(static hour => (60L, (double)(hour * 60), (hour * 60) + 59.0)), hours.Skip(720).Select(static hour => (hour.Count, hour.Min, hour.Max)));

        // A month of hours is still there when somebody asks for minutes.
        Assert.Equal(120, Assert.Single(await metric.QueryAsync(Range(Start, Start + (5 * Day), 60 * Seconds))).Windows.Count);

        // What overlaps is not added, within an import either; another series is.
        Assert.Equal((0, 2), await ImportAsync(metric, series, [Window(Start + Hour, Minute, 1), Window(Start - (Start % (4 * Hour)), 4 * Hour, 1)]));
        Assert.Equal((1, 1), await ImportAsync(metric, [new Tag("host", "y")], [Window(Start, Hour, 1), Window(Start, Minute, 1)]));
        Assert.Equal((1, 0), await ImportAsync(metric, [], [Window(Start, Hour, 1)]));
    }

    [Fact]
    public async Task What_is_not_final_or_too_old_or_of_another_kind_is_not_imported()
    {
        var now = Start + (800 * Day);
        var (metric, _) = await BeginAsync(now, live: false);
        var answer = (await metric.ImportAsync(new WindowImport { Kind = MetricKind.Set, Series = [] })).Result!;
        Assert.Equal((ImportStatus.KindConflict, MetricKind.Gauge), (answer.Status, answer.Kind));

        StoredWindow At(long start) => new()
        {
            Start = DateTimeOffset.FromUnixTimeMilliseconds(start),
            End = DateTimeOffset.FromUnixTimeMilliseconds(start + Minute),
            Count = 20,
            Sum = 100,
            Min = 1,
            Max = 10,
            Last = 5,
            LastUpdated = DateTimeOffset.FromUnixTimeMilliseconds(start),
        };

        var windows = new[] { At(now), At(now - Hour), At(Start), At(now - Hour) with { Min = 5, Max = 5 }, At(now - (2 * Hour)) with { Count = 0 }, At(Start + Seconds) };
        answer = (await metric.ImportAsync(new WindowImport { Kind = MetricKind.Gauge, Series = [new StoredSeries { Tags = [], Windows = windows }] })).Result!;
        Assert.Equal((ImportStatus.Done, 1, 0, 0, 5), (answer.Status, answer.Imported, answer.AlreadyThere, answer.Expired, answer.Refused));
        Assert.Equal(["0 no_sketch", "1 no_sketch", "2 no_sketch", "4 invalid", "5 invalid"], answer.Errors.Select(static error => $"{error.Window} {error.Reason}"));

        windows = [.. new[] { now, now - 5_000, Start }.Select(start => At(SeriesMerger.StepStart(start, Minute)) with { Min = 5, Max = 5 })];
        answer = (await metric.ImportAsync(new WindowImport { Kind = MetricKind.Gauge, Series = [new StoredSeries { Tags = [], Windows = windows }] })).Result!;
        Assert.Equal((0, 1, 2), (answer.Imported, answer.Expired, answer.Refused));
        Assert.All(answer.Errors, static error => Assert.Equal("not_final", error.Reason));
    }

    [Fact]
    public async Task A_set_comes_from_one_metric_into_another()
    {
        static TestSlice Elements(long time, int first, int count) => new(
            [.. Enumerable.Range(first, count).Select(i => new TestPoint(SeriesKey.Hash([]), i, time))], [new TestDefinition(SeriesKey.Hash([]), [])], Kind: MetricKind.Set);
        var (source, target) = (new MetricWithHistory(Windows, History), new MetricWithHistory(Windows, History));
        await source.StartAsync();
        for (var minute = 0; minute < 120; minute++)
        {
            source.Apply(minute + 1, Start + (minute * Minute), new TestSliceBytes(Elements(Start + (minute * Minute), 10 * minute, 30).ToBytes()));
            await source.FlushAsync();
        }

        var now = Start + (5 * Hour);
        source.Apply(1_000, now, new TestSliceBytes(new TestSlice([], []).ToBytes()));
        var exported = await source.ExportAsync(new ExportQuery());
        await target.StartAsync();
        target.Apply(1, now, new TestSliceBytes(new TestSlice([], [], Kind: MetricKind.Set).ToBytes()));
        var answer = (await target.ImportAsync(new WindowImport { Kind = MetricKind.Set, Series = [.. exported] })).Result!;
        Assert.Equal((ImportStatus.Done, 120), (answer.Status, answer.Imported));
        foreach (var step in new[] { 60 * Seconds, (int)Hour })
        {
            var (expected, found) = (Assert.Single(await source.QueryAsync(Range(Start, Start + (2 * Hour), step))).Windows, Assert.Single(await target.QueryAsync(Range(Start, Start + (2 * Hour), step))).Windows);
            Assert.Equal(expected.Select(static window => (window.Start, window.Count, window.Distinct)), found.Select(static window => (window.Start, window.Count, window.Distinct)));
            Assert.All(found, static window => Assert.InRange(window.Distinct!.Value, 25, 800));
        }
    }

    [Fact]
    public async Task A_metric_that_the_log_has_not_named_takes_nothing()
    {
        var metric = new MetricWithHistory(Windows, History);
        await metric.StartAsync();
        Assert.Null((await metric.ImportAsync(new WindowImport { Kind = MetricKind.Gauge, Series = [] })).Result);
    }

    [Fact]
    public async Task Late_points_go_on_top_of_imported_windows_and_imported_windows_below_late_points()
    {
        var (metric, position) = await BeginAsync(Start + Day, live: false);
        var key = SeriesKey.Encode([new Tag("host", "0")]);
        var (one, other) = (Start + Day - (20 * Minute), Start + Day - (30 * Minute));
        void Late(long time, double value) => metric.Apply(
            ++position, Start + Day + position, new TestSliceBytes(new TestSlice([new TestPoint(SeriesKey.Hash(key), value, time)], [new TestDefinition(SeriesKey.Hash(key), key)]).ToBytes()));
        StoredWindow Window(long start) => new()
        {
            Start = DateTimeOffset.FromUnixTimeMilliseconds(start),
            End = DateTimeOffset.FromUnixTimeMilliseconds(start + (10 * Seconds)),
            Count = 2,
            Last = 3,
            LastUpdated = DateTimeOffset.FromUnixTimeMilliseconds(start),
            Values = [1, 3],
        };

        Late(one, 10);
        Assert.Equal((2, 0), await ImportAsync(metric, [new Tag("host", "0")], [Window(other), Window(one)]));
        Late(other, 20);
        for (var later = Start + Day; later < Start + Day + (3 * Hour); later += Minute)
        {
            if (later % (30 * Minute) == 0)
            {
                var hour = Assert.Single(Assert.Single(await metric.QueryAsync(Range(Start + Day - Hour, Start + Day, (int)Hour))).Windows);
                Assert.Equal((6, 38.0, 20.0), (hour.Count, hour.Sum, hour.Max));
                Assert.Equal((0, 2), await ImportAsync(metric, [new Tag("host", "0")], [Window(other), Window(one)]));
            }

            metric.Apply(++position, later, new TestSliceBytes(new TestSlice([], []).ToBytes()));
            await metric.FlushAsync();
        }

        Assert.NotEmpty(metric.Manifest.TierOf(60 * Seconds).Chunks);
    }

    [Fact]
    public async Task Nothing_is_added_while_a_rollup_is_under_way_that_would_not_have_it()
    {
        var (metric, position) = await BeginAsync(Start + Day, live: false);
        var windows = Enumerable.Range(0, 120).Select(i => new StoredWindow
        {
            Start = DateTimeOffset.FromUnixTimeMilliseconds(Start + Day - (30 * Minute) + (i * 10 * Seconds)),
            End = DateTimeOffset.FromUnixTimeMilliseconds(Start + Day - (30 * Minute) + ((i + 1) * 10 * Seconds)),
            Count = 1,
            Last = i,
            LastUpdated = DateTimeOffset.FromUnixTimeMilliseconds(Start + Day - (30 * Minute) + (i * 10 * Seconds)),
            Values = [i],
        }).ToArray();
        Tag[] tags = [new Tag("host", "0")];
        Assert.Equal((60, 0), await ImportAsync(metric, tags, [.. windows.Where(static (_, i) => i / 6 % 2 == 0)]));
        Func<Task>? job = null;
        for (var later = Start + Day; later < Start + Day + (3 * Hour) && job is null; later += Minute)
        {
            metric.Apply(++position, later, new TestSliceBytes(new TestSlice([], []).ToBytes()));
            job = await metric.BeginJobAsync();
            if (job is not null && metric.Manifest.CorrectedThrough < Start + Day)
            {
                // A merge.
                await job();
                job = null;
            }
        }

        Assert.NotNull(job);
        var import = new WindowImport { Kind = MetricKind.Gauge, Series = [new StoredSeries { Tags = tags, Windows = windows }] };
        Assert.Equal(ImportStatus.Busy, (await metric.ImportAsync(import)).Result!.Status);
        await job();
        Assert.Equal((60, 60), await ImportAsync(metric, tags, windows));
        for (var i = 0; i < 5; i++)
        {
            await metric.FlushAsync();
        }

        Assert.True(metric.Manifest.TierOf(60 * Seconds).Through >= Start + Day - (12 * Minute), "minutes are made");
        var minutes = Assert.Single(await metric.QueryAsync(Range(Start + Day - Hour, Start + Day, 60 * Seconds))).Windows;
        Assert.Equal(Enumerable.Repeat(6L, 20), minutes.Select(static minute => minute.Count));
    }

    private static async Task<(int Imported, int There)> ImportAsync(MetricWithHistory metric, Tag[] tags, StoredWindow[] windows)
    {
        var answer = (await metric.ImportAsync(new WindowImport { Kind = MetricKind.Gauge, Series = [new StoredSeries { Tags = tags, Windows = windows }] })).Result!;
        Assert.Equal((ImportStatus.Done, 0), (answer.Status, answer.Refused));
        return (answer.Imported, answer.AlreadyThere);
    }

    private static async Task<(int Imported, int There)> RepeatAsync(MetricWithHistory metric, List<WindowImport> requests)
    {
        var (imported, there) = (0, 0);
        foreach (var request in requests)
        {
            var answer = (await metric.ImportAsync(request)).Result!;
            imported += answer.Imported;
            there += answer.AlreadyThere;
        }

        return (imported, there);
    }

    /// <summary>A metric of this kind that the log has named, at a time.</summary>
    private static async Task<(MetricWithHistory Metric, long Position)> BeginAsync(long now, bool live)
    {
        var metric = new MetricWithHistory(Windows, History);
        metric.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(now));
        await metric.StartAsync();
        var key = SeriesKey.Encode([new Tag("host", "0")]);
        metric.Apply(1, now, new TestSliceBytes(new TestSlice(
            live ? [new TestPoint(SeriesKey.Hash(key), 5, now)] : [], [new TestDefinition(SeriesKey.Hash(key), key)], Kind: MetricKind.Gauge).ToBytes()));
        return (metric, 1);
    }

    /// <summary>A day and a half, so that there are windows of every length, and late points.</summary>
    private static async Task<(MetricWithHistory Metric, long End)> FillAsync(Random random)
    {
        var metric = new MetricWithHistory(Windows, History);
        await metric.StartAsync();
        var end = Start + (36 * Hour);
        var position = 0L;
        for (var now = Start; now < end; now += Minute)
        {
            metric.Time.SetUtcNow(DateTimeOffset.FromUnixTimeMilliseconds(now));
            var points = new List<TestPoint>();
            for (var server = 0; server < Servers; server++)
            {
                // One sends more than a window keeps as they are, one seldom, one late.
                var every = server == 0 ? 700 : server == 1 && now % Hour > 10 * Minute ? Minute : 7 * Seconds;
                for (var at = now; at < now + Minute; at += every)
                {
                    var time = server == 2 && random.Next(20) == 0 ? at - (random.Next(50) * Minute) : at;
                    points.Add(new TestPoint(SeriesKey.Hash(KeyOf(server)), random.Next(-500, 5_000) / 10.0, Math.Max(Start, time)));
                }
            }

            var definitions = Enumerable.Range(0, Servers).Select(static server => new TestDefinition(SeriesKey.Hash(KeyOf(server)), KeyOf(server))).ToArray();
            metric.Apply(++position, now, new TestSliceBytes(new TestSlice([.. points], definitions).ToBytes()));
            await metric.FlushAsync();
            if (random.Next(50) == 0)
            {
                await metric.StartAsync();
            }
        }

        metric.Apply(++position, end + (2 * Minute), new TestSliceBytes(new TestSlice([], []).ToBytes()));
        await metric.FlushAsync();
        return (metric, end);
    }

    /// <summary>As the tool cuts them: windows of a series in an hour stay together.</summary>
    private static IEnumerable<WindowImport> RequestsOf(List<StoredSeries> exported, Random random)
    {
        var request = new List<StoredSeries>();
        foreach (var series in exported)
        {
            foreach (var hour in series.Windows.GroupBy(static window => SeriesMerger.StepStart(window.Start.ToUnixTimeMilliseconds(), Hour)))
            {
                request.Add(series with { Windows = [.. hour] });
                if (random.Next(8) == 0)
                {
                    yield return new WindowImport { Kind = MetricKind.Gauge, Series = [.. request] };
                    request.Clear();
                }
            }
        }

        yield return new WindowImport { Kind = MetricKind.Gauge, Series = [.. request] };
    }

    private static void AssertEachPointOnce(List<StoredSeries> exported)
    {
        foreach (var series in exported.GroupBy(static series => series.Tags[0].Value))
        {
            var windows = series.SelectMany(static one => one.Windows).ToList();
            Assert.All(windows.Zip(windows.Skip(1)), static pair => Assert.True(pair.First.End <= pair.Second.Start, $"{pair.First.Start} to {pair.First.End}, then {pair.Second.Start}"));
        }
    }

    private static async Task AssertEqualAsync(MetricWithHistory source, MetricWithHistory target, long end, int[] steps)
    {
        foreach (var step in steps)
        {
            for (var from = Start; from < end; from += 12 * Hour)
            {
                var query = Range(from, Math.Min(end, from + (12 * Hour)), step);
                var (expected, found) = (await source.QueryAsync(query), await target.QueryAsync(query));
                Assert.Equal(expected.Select(static series => series.Tags[0]), found.Select(static series => series.Tags[0]));
                foreach (var (one, other) in expected.Zip(found))
                {
                    Assert.Equal(one.Windows.Select(Describe), other.Windows.Select(Describe));
                    Assert.All(one.Windows.Zip(other.Windows), static pair => Assert.Equal(pair.First.Sum, pair.Second.Sum, 1e-6 * pair.First.Count));
                }
            }
        }
    }

    private static string Describe(WindowAggregate window) =>
        $"{window.Start:O} {window.End:O} {window.Count} {window.Min:R} {window.Max:R} {window.Last:R} {window.LastUpdated:O} {string.Join(' ', window.Quantiles.Select(static q => $"{q.Value:R}"))}";

    private static RangeQuery Range(long from, long to, int step) => new()
    {
        From = DateTimeOffset.FromUnixTimeMilliseconds(from), To = DateTimeOffset.FromUnixTimeMilliseconds(to), Step = TimeSpan.FromMilliseconds(step), Quantiles = [0.01, 0.5, 0.99],
    };

    private static byte[] KeyOf(int server) => SeriesKey.Encode([new Tag("host", server.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
}
