using System.Text;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Gateway.Protocols.Influx;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Protocols.Influx;

public sealed class LineProtocolParserTests
{
    private const int MaxLineBytes = 300_000;

    [Fact]
    public void Field_value_names_the_metric_after_the_measurement_and_others_are_appended()
    {
        var body = Parse("cpu,host=a value=1.5,usage_idle=97i,up=t,note=\"x\" 1700000000123456789\n");
        var tags = new[] { ("host", "a") };
        Assert.Equal(
            [
                ParsedBody.PointOf("cpu", tags, 1.5, 1_700_000_000_123),
                ParsedBody.PointOf("cpu_usage_idle", tags, 97, 1_700_000_000_123),
                ParsedBody.PointOf("cpu_up", tags, 1, 1_700_000_000_123),
            ],
            body.Points);
        Assert.Equal((3, 1), (body.Received, body.Ignored));
    }

    [Fact]
    public void Escapes_are_resolved_and_the_order_of_tags_does_not_matter()
    {
        var body = Parse("my\\ cpu\\,x,z=1,b\\=c=d\\ e value=1\nmy\\ cpu\\,x,b\\=c=d\\ e,z=1 value=1\n");
        var expected = ParsedBody.PointOf("my cpu,x", [("b=c", "d e"), ("z", "1")], 1, ParsedBody.ReceivedAt);
        Assert.Equal([expected, expected], body.Points);
    }

    [Theory]
    [InlineData(TimestampPrecision.Nanoseconds, "1500000", 1)]
    [InlineData(TimestampPrecision.Nanoseconds, "-1", -1)]
    [InlineData(TimestampPrecision.Nanoseconds, "-1000000", -1)]
    [InlineData(TimestampPrecision.Microseconds, "1700000000123999", 1_700_000_000_123)]
    [InlineData(TimestampPrecision.Microseconds, "-1", -1)]
    [InlineData(TimestampPrecision.Milliseconds, "1700000000123", 1_700_000_000_123)]
    [InlineData(TimestampPrecision.Seconds, "1700000000", 1_700_000_000_000)]
    [InlineData(TimestampPrecision.Minutes, "2", 120_000)]
    [InlineData(TimestampPrecision.Hours, "-1", -3_600_000)]
    public void Timestamps_are_milliseconds_rounded_down(TimestampPrecision precision, string timestamp, long expected) =>
        Assert.Equal(expected, Assert.Single(Parse($"m value=1 {timestamp}", precision).Points).Time);

    [Theory]
    [InlineData(TimestampPrecision.Seconds, "9223372036854775807")]
    [InlineData(TimestampPrecision.Hours, "-9223372036854775807")]
    [InlineData(TimestampPrecision.Milliseconds, "-62135596800001")]
    public void A_timestamp_out_of_range_refuses_the_line(TimestampPrecision precision, string timestamp)
    {
        var body = Parse($"m value=1,b=2 {timestamp}", precision);
        Assert.Empty(body.Points);
        Assert.Equal(1, body.Received);
        Assert.Contains("InvalidTimestamp", Assert.Single(body.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", TimestampPrecision.Nanoseconds)]
    [InlineData("n", TimestampPrecision.Nanoseconds)]
    [InlineData("ns", TimestampPrecision.Nanoseconds)]
    [InlineData("u", TimestampPrecision.Microseconds)]
    [InlineData("us", TimestampPrecision.Microseconds)]
    [InlineData("ms", TimestampPrecision.Milliseconds)]
    [InlineData("s", TimestampPrecision.Seconds)]
    [InlineData("m", TimestampPrecision.Minutes)]
    [InlineData("h", TimestampPrecision.Hours)]
    public void Both_versions_names_of_precisions_are_known(string name, TimestampPrecision expected)
    {
        Assert.True(TimestampPrecisions.TryParse(name, out var precision));
        Assert.Equal(expected, precision);
    }

    [Fact]
    public void A_timestamp_too_far_ahead_refuses_every_field()
    {
        var body = Parse($"m a=1,b=2 {ParsedBody.Latest + 1}\nm a=1 {ParsedBody.Latest}", TimestampPrecision.Milliseconds);
        Assert.Single(body.Points);
        Assert.Equal(3, body.Received);
        Assert.All(body.Errors, error => Assert.Contains("TooFarAhead", error, StringComparison.Ordinal));
    }

    [Fact]
    public void Errors_name_line_reason_and_the_beginning_of_the_line()
    {
        var body = Parse("ok value=1\n# comment\n\nbad\nok s=\"two\nlines\"\nm,=x value=1\n" + "x\u0001\u00e9" + new string('y', 100) + " value");
        Assert.Equal(
            [
                "4||Malformed|There are no fields after measurement and tags.|bad",
                "7||EmptyTag|Field value: A tag has no name or no value.|m,=x value=1",
                "8||Malformed|A field is not of the form name=value.|x?é" + new string('y', 60),
            ],
            body.Errors);
    }

    [Fact]
    public void After_a_hundred_errors_the_rest_is_counted()
    {
        var body = Parse(string.Concat(Enumerable.Repeat("bad\n", 150)));
        Assert.Equal(IngestReport.MaxErrors, body.Errors.Count);
        Assert.Equal(150, body.Received);
    }

    [Theory]
    [InlineData(256, 256, 4096, 40, null)]
    [InlineData(257, 256, 4096, 1, RejectReason.NameTooLong)]
    [InlineData(256, 257, 4096, 1, RejectReason.TagTooLong)]
    [InlineData(256, 256, 4097, 1, RejectReason.TagTooLong)]
    [InlineData(256, 256, 4096, 41, RejectReason.TooManyTags)]
    public void A_series_at_its_limits_is_taken_and_one_beyond_is_not(int metric, int name, int value, int tags, RejectReason? reason)
    {
        var line = new StringBuilder(new string('m', metric));
        for (var i = 0; i < tags; i++)
        {
            line.Append(',').Append(i.ToString("00")).Append('t', name - 2).Append('=').Append('v', value);
        }

        var body = Parse(line.Append(" value=1\n").ToString());
        Assert.Equal(reason is null ? 1 : 0, body.Points.Count);
        Assert.All(body.Errors, error => Assert.Contains($"|{reason}|", error, StringComparison.Ordinal));
        Assert.Equal(1, body.Received);
    }

    [Fact]
    public void A_line_beyond_the_limit_is_refused_and_the_next_one_read_wherever_it_is_split()
    {
        const int Limit = 64;
        var long1 = "m value=1," + new string('x', Limit);
        var fits = "m,t=" + new string('x', Limit - 12) + " value=1";
        Assert.Equal(Limit, fits.Length);
        var text = Encoding.UTF8.GetBytes($"{long1}\n{fits}\n#{long1}\nm s=\"{long1}\n{long1}\"\n{new string(' ', Limit + 1)}\nm value=2\n");
        var parser = new LineProtocolParser(ParsedBody.NewCache(), Limit);
        var whole = Read([]);
        Assert.Equal(2, whole.Points.Count);
        Assert.Equal(["1", "4", "6"], whole.Errors.Select(error => error.Split('|')[0]));
        Assert.All(whole.Errors, error => Assert.Contains("LineTooLong", error, StringComparison.Ordinal));
        for (var at = 0; at < text.Length; at++)
        {
            Read([at]).AssertEqual(whole, $"split at {at}");
            Read([at, at + 20, at + 90]).AssertEqual(whole, $"split from {at}");
        }

        ParsedBody Read(int[] cuts) =>
            ParsedBody.Of(parser, sink => parser.Begin(sink, TimestampPrecision.Nanoseconds), ParsedBody.Split(text, cuts));
    }

    [Fact]
    public void A_known_series_costs_no_allocation()
    {
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i =>
            $"cpu,host=server-{i % 500},region=eu\\ west value={i * 0.37:0.000},idle={i}i,up=true,s=\"x\" 17000000000000{i:00000}\n")));
        var parser = new LineProtocolParser(ParsedBody.NewCache(), MaxLineBytes);
        var points = new RequestPoints { DefinitionPeriod = -1 };
        var report = new IngestReport();
        for (var i = 0; i < 3; i++)
        {
            Read();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(60_000, points.Count);

        void Read()
        {
            points.Clear();
            report.Clear();
            parser.Begin(new PointSink(points, report, 0, long.MaxValue), TimestampPrecision.Nanoseconds);
            for (var at = 0; at < body.Length; at += 4096)
            {
                parser.Append(body.AsSpan(at, Math.Min(4096, body.Length - at)));
            }

            parser.Complete();
        }
    }

    private static ParsedBody Parse(string text, TimestampPrecision precision = TimestampPrecision.Nanoseconds)
    {
        var parser = new LineProtocolParser(ParsedBody.NewCache(), MaxLineBytes);
        return ParsedBody.Of(parser, sink => parser.Begin(sink, precision), [Encoding.UTF8.GetBytes(text)]);
    }
}
