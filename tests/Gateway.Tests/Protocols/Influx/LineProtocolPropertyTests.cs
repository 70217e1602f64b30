using System.Text;
using CsCheck;
using OrleansMetrics.Gateway.Protocols.Influx;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Protocols.Influx;

public sealed class LineProtocolPropertyTests
{
    private const int MaxLineBytes = 4096;

    private static readonly Gen<string> Name = Gen.OneOf(
        "cpu", "usage_idle", "a b", "x=y", "c,d", "é", "back\\slash", "trailing\\\\", "q\"uote", "value", "0", "#hash", new string('n', 260));

    private static readonly Gen<string> Escaped = Gen.Select(Name, Gen.Int[0, 20]).Select((name, clean) =>
        clean == 0 ? name : name.Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal));

    private static readonly Gen<string> Tag = Gen.Select(Escaped, Escaped, Gen.Int[0, 30]).Select((name, value, bad) => bad switch
    {
        0 => "," + name,
        1 => "," + name + "=",
        2 => ",=" + value,
        3 => "," + name + "=" + value + "=" + value,
        4 => "," + name + "=tab\tbed",
        _ => "," + name + "=" + value,
    });

    private static readonly Gen<string> Value = Gen.OneOf(
        Gen.Double.Where(double.IsFinite).Select(value => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        Gen.Int.Select(value => value + "i"),
        Gen.Decimal[0, 1000].Select(value => value.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)),
        Gen.OneOf(
            "1", "0", "-1.5e3", "t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE", "NaN", "inf", "-Infinity", "1e999",
            "9223372036854775807i", "9223372036854775808i", "-9223372036854775808i", "-9223372036854775809i", "18446744073709551615u",
            "18446744073709551616u", "-1u", "-0u", "+3", "1.5i", "i", "", "tru", "--1", "1e", "0x10", "5.", ".5",
            "\"text\"", "\"a, b=c d\"", "\"esc \\\" \\\\\"", "\"line\nfeed\"", "\"open", "\"end\\\\\"", "\"x\"y"));

    private static readonly Gen<string> Field = Gen.Select(Gen.Frequency((3, Gen.Const("value")), (4, Escaped)), Value).Select((name, value) => name + "=" + value);

    private static readonly Gen<string> Time = Gen.OneOf(
        Gen.Const(""),
        Gen.Long[-1_000_000_000_000_000_000, ParsedBody.Latest * 1_000_000].Select(time => " " + time),
        Gen.OneOf(
            " ", "  1700000000000000000  ", " -1", " -1000001", " 9223372036854775807", " 9223372036854775808", " -9223372036854775807", " 12x", " 1.5",
            " 00000000000000000000001", " 1 2", " -", " 1700000600000000001", " 1700000601000000000"));

    private static readonly Gen<string> Line = Gen.Frequency(
        (20, Gen.Select(
            Gen.OneOf("", "", "", " ", "   "), Escaped, Tag.Array[0, 4], Gen.OneOf(" ", " ", "  "), Field.Array[1, 4], Time,
            Gen.OneOf("\n", "\n", "\n", "\r\n", "\r", "\n\n"),
            (lead, measurement, tags, space, fields, time, end) =>
                lead + measurement + string.Concat(tags) + space + string.Join(',', fields) + time + end)),
        (2, Gen.OneOf("# comment \"= x\n", "\n", "\r\n", "  \n", " # indented\n", "cpu\n", ",a=b value=1\n", "cpu,a=b \n", " \r\n", "=\"\n", "cpu \\=\"x=1\n")),
        (1, Gen.OneOf("cpu", "=", "\"", "\\", " ", ",", "\n", "\r", "value=1", "1", "\u00ff", "#").Array[0, 12].Select(string.Concat)));

    private static readonly Gen<byte[]> Body =
        Gen.Select(Line.Array[0, 6].Select(string.Concat), Gen.Int[0, 1000], Gen.Byte, Gen.Int[0, 3])
            .Select((text, at, b, mutate) =>
            {
                var body = Encoding.UTF8.GetBytes(text);
                if (mutate == 0 && body.Length > 0)
                {
                    body[at % body.Length] = b;
                }

                return body;
            });

    private readonly LineProtocolParser _parser = new(ParsedBody.NewCache(), MaxLineBytes);

    [Fact]
    public void The_parser_agrees_with_the_reference_wherever_the_body_is_split()
    {
        var seen = new Dictionary<string, int>();
        Gen.Select(Body, Gen.Int[0, 100_000].Array[0, 5]).Sample(
            (body, cuts) =>
            {
                var actual = Parse(body, cuts);
                Compare(body, actual);
                Count(seen, body, actual);
            },
            iter: 20_000,
            threads: 1);

        string[] interesting = ["accepted", "refused line", "refused field", "ignored", "several points", "line feed in quotes", "escape", "carriage return"];
        foreach (var kind in interesting.Concat(Enum.GetValues<RejectReason>().Except(Unreached).Select(reason => reason.ToString())))
        {
            Assert.True(seen.GetValueOrDefault(kind) > 20, $"{kind}: {seen.GetValueOrDefault(kind)}");
        }
    }

    [Fact]
    public void Every_place_to_split_gives_the_same()
    {
        Body.Sample(
            body =>
            {
                var whole = Parse(body, []);
                for (var at = 1; at < body.Length; at++)
                {
                    Parse(body, [at]).AssertEqual(whole, $"split at {at}: {Encoding.Latin1.GetString(body)}");
                }

                Parse(body, Enumerable.Range(0, body.Length)).AssertEqual(whole, $"byte by byte: {Encoding.Latin1.GetString(body)}");
            },
            iter: 600,
            threads: 1);
    }

    [Fact]
    public void Random_bytes_are_judged_as_the_reference_judges_them()
    {
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 1000].Array[0, 3]).Sample((body, cuts) => Compare(body, Parse(body, cuts)), iter: 10_000, threads: 1);
    }

    /// <summary>Reasons with tests of their own.</summary>
    private static RejectReason[] Unreached =>
    [
        RejectReason.TagTooLong, RejectReason.TooManyTags, RejectReason.LineTooLong, RejectReason.SeriesIdCollision, RejectReason.TooManyMetrics,
        RejectReason.EmptyName, RejectReason.InvalidKind, RejectReason.KindConflict, RejectReason.NegativeCounter,
    ];

    private ParsedBody Parse(byte[] body, IEnumerable<int> cuts) =>
        ParsedBody.Of(_parser, sink => _parser.Begin(sink, TimestampPrecision.Nanoseconds), ParsedBody.Split(body, cuts));

    private static void Compare(byte[] body, ParsedBody actual)
    {
        var expected = ReferenceLineParser.Parse(body);
        var context = Encoding.Latin1.GetString(body);
        var refusals = actual.Errors.Select(RefusalOf).ToList();
        Assert.True(expected.Points.SequenceEqual(actual.Points), $"{context}\nexpected:\n{string.Join('\n', expected.Points)}\nactual:\n{string.Join('\n', actual.Points)}\n{string.Join('\n', actual.Errors)}");
        Assert.True(expected.Refusals.SequenceEqual(refusals), $"{context}\nexpected:\n{string.Join('\n', expected.Refusals)}\nactual:\n{string.Join('\n', actual.Errors)}");
        Assert.True(expected.Ignored == actual.Ignored, $"{context}\nignored {actual.Ignored} instead of {expected.Ignored}");
        Assert.True(expected.Points.Count + expected.Refusals.Count == actual.Received, context);
    }

    private static ReferenceLineParser.Refusal RefusalOf(string error)
    {
        var parts = error.Split('|');
        var isField = parts[3].StartsWith("Field ", StringComparison.Ordinal);
        return new ReferenceLineParser.Refusal(long.Parse(parts[0]), isField ? Enum.Parse<RejectReason>(parts[2]) : null);
    }

    private static void Count(Dictionary<string, int> seen, byte[] body, ParsedBody actual)
    {
        See("accepted", actual.Points.Count > 0);
        See("several points", actual.Points.Count > 3);
        See("ignored", actual.Ignored > 0);
        See("line feed in quotes", actual.Ignored > 0 && body.AsSpan().IndexOf("line\nfeed\""u8) >= 0);
        See("escape", actual.Points.Count > 0 && body.Contains((byte)'\\'));
        See("carriage return", actual.Points.Count > 0 && body.AsSpan().IndexOf("\r\n"u8) >= 0);
        foreach (var error in actual.Errors)
        {
            See(RefusalOf(error).Reason is null ? "refused line" : "refused field", true);
            See(error.Split('|')[2], true);
        }

        void See(string kind, bool holds) => seen[kind] = seen.GetValueOrDefault(kind) + (holds ? 1 : 0);
    }
}
