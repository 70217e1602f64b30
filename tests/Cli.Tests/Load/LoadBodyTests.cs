using System.Text;
using CsCheck;
using OrleansMetrics.Cli.Load;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.Load;

public sealed class LoadBodyTests
{
    [Fact]
    public void Lines_parse_back_to_the_pattern()
    {
        var options = Options(points: 1000, lines: 250, connections: 2, metrics: 7, series: 30);
        var pattern = new LoadPattern(options);
        var line = 0L;
        foreach (var body in LoadBodies.Build(options, pattern).All)
        {
            foreach (var (metric, tags, value) in Lines.Parse(body.ToString()))
            {
                var (metricNumber, series) = pattern.SeriesOf(line);
                Assert.Equal(pattern.MetricName(metricNumber), metric);
                Assert.StartsWith($"host={pattern.HostName(series)},region=", tags, StringComparison.Ordinal);
                Assert.Equal(pattern.ValueOf(line), value);
                line++;
            }
        }
        // Two whole bodies hold the 210 series; they repeat.
        Assert.Equal(500, line);
    }

    [Fact]
    public void A_line_looks_like_a_real_senders()
    {
        var options = Options(points: 1, lines: 1, connections: 1, metrics: 20, series: 1000);
        var body = LoadBodies.Build(options, new LoadPattern(options)).For(0);
        body.Stamp(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1));

        Assert.Matches(@"^load_metric_00,host=server-0000,region=eu,zone=a value=\d+(\.\d+)? 1767225600000000100\n$", body.ToString());
    }

    [Fact]
    public void Stamping_changes_every_timestamp_and_nothing_else_and_allocates_nothing()
    {
        var options = Options(points: 500, lines: 500, connections: 1, metrics: 3, series: 100);
        var body = LoadBodies.Build(options, new LoadPattern(options)).For(0);
        var before = Lines.Parse(body.ToString()).ToArray();
        body.Stamp(DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        body.Stamp(DateTimeOffset.UnixEpoch.AddSeconds(1_800_000_000));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.Equal(before, Lines.Parse(body.ToString()));
        Assert.All(body.ToString().TrimEnd('\n').Split('\n'), line => Assert.EndsWith(" 1800000000000000000", line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_and_another_gives_others()
    {
        byte[][] Bodies(ulong seed)
        {
            var options = Options(points: 1000, lines: 100, connections: 3, metrics: 4, series: 50) with { Seed = seed };
            return [.. LoadBodies.Build(options, new LoadPattern(options)).All.Select(body => body.Bytes)];
        }
        Assert.Equal(Bodies(5), Bodies(5));
        Assert.NotEqual(Bodies(5), Bodies(6));
    }

    [Fact]
    public void Every_shape_sends_exactly_the_points_covers_the_series_and_gives_each_connection_its_own_bodies()
    {
        var gen = Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 400], Gen.Int[1, 6], Gen.Int[1, 9], Gen.Int[1, 60]);
        gen.Sample((points, lines, connections, metrics, series) =>
        {
            var options = Options(points, lines, connections, metrics, series);
            var pattern = new LoadPattern(options);
            var bodies = LoadBodies.Build(options, pattern);
            var owner = new Dictionary<LoadBody, long>();
            var seen = new HashSet<(int, int)>();
            var sent = 0L;
            for (var request = 0L; request < options.Requests; request++)
            {
                var body = bodies.For(request);
                if (owner.TryGetValue(body, out var before) && before != request % connections)
                {
                    return false;
                }
                owner[body] = request % connections;
                sent += body.Lines;
                for (var i = 0; i < body.Lines; i++)
                {
                    seen.Add(pattern.SeriesOf(body.FirstLine + i));
                }
            }
            var wholeRounds = LoadBodies.CountFor(options) * (long)lines;
            return sent == points && (points < wholeRounds + lines || seen.Count == metrics * series);
        });
    }

    [Fact]
    public void A_compressed_body_is_the_same_text()
    {
        var options = Options(points: 100, lines: 100, connections: 1, metrics: 2, series: 10) with { Timestamps = TimestampMode.None };
        var plain = LoadBodies.Build(options, new LoadPattern(options)).For(0);
        var packed = LoadBodies.Build(options with { Gzip = true }, new LoadPattern(options)).For(0);
        using var reader = new StreamReader(new System.IO.Compression.GZipStream(new MemoryStream(packed.Bytes), System.IO.Compression.CompressionMode.Decompress), Encoding.UTF8);

        Assert.True(packed.Bytes.Length < plain.Bytes.Length / 2);
        Assert.Equal(plain.ToString(), reader.ReadToEnd());
    }

    private static LoadOptions Options(long points, int lines, int connections, int metrics, int series) => new()
    {
        Points = points,
        LinesPerRequest = lines,
        Connections = connections,
        Metrics = metrics,
        Series = series,
        Rate = 0,
        Duration = TimeSpan.Zero,
        Gzip = false,
        Timestamps = TimestampMode.Now,
        Pid = null,
        Verify = false,
        SettleTime = TimeSpan.FromSeconds(10),
        Seed = 1,
        Prefix = "load",
        Json = false,
    };
}
