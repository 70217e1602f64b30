using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Gateway.Protocols.Json;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Protocols.Json;

public sealed class JsonPointParserTests
{
    private const int MaxElementBytes = 2000;

    private static readonly Gen<string> Text = Gen.OneOf("cpu", "mem", "disk", "zone", "a\"b", "é€", "back\\slash", "x y", "host", "\ud83d\ude00", "tab\t", "");

    private static readonly Gen<string> Element = Gen.Select(
        Text,
        Gen.OneOf("1", "2", "3", "-2.5e3", "true", "false", "1e999", "null", "\"1\"", "{}", "0.1"),
        Gen.Select(Text, Text).Array[0, 3],
        Gen.OneOf("", "null", "1", "2.5", "1700000000123", "1700000000123.9", "\"2024-01-01T00:00:00.5Z\"", "\"2024-01-01T01:00:00+01:00\"", "\"soon\"", "[1]", "9e99"),
        Gen.OneOf("", "null", "[]", "\"x\""),
        Gen.Int[0, 7])
        .Select((metric, value, tags, time, otherTags, order) =>
        {
            var tagsText = otherTags.Length > 0 && order == 0 ? otherTags : "{" + string.Join(",", tags.Select(tag => $"{Quote(tag.Item1)} : {Quote(tag.Item2)}")) + "}";
            string[] properties =
            [
                $"\"metric\":{Quote(metric)}", $"\"value\": {value}", "\"tags\":" + tagsText, time.Length == 0 ? "\"x\":[{},1]" : $"\n\"timestamp\":{time}",
            ];
            return "{" + string.Join(", ", properties.Skip(order % 4).Concat(properties.Take(order % 4))) + "}";
        });

    private static readonly Gen<byte[]> Body =
        Gen.Select(Gen.Frequency((10, Element), (1, Gen.OneOf("1", "null", "[1,{}]", "\"s\"", "{\"metric\":5}", "{}"))).Array[0, 5], Gen.Int[0, 2], Gen.Int[0, 1000], Gen.Byte, Gen.Int[0, 4])
            .Select((elements, form, at, b, mutate) =>
            {
                var text = form == 0 ? "[" + string.Join(",\n", elements) + "]" : string.Join(form == 1 ? "\n" : "\r\n \n", elements);
                var body = Encoding.UTF8.GetBytes(text);
                if (mutate == 0 && body.Length > 0)
                {
                    body[at % body.Length] = b;
                }

                return body;
            });

    private readonly JsonPointParser _parser = new(ParsedBody.NewCache(), MaxElementBytes);

    [Fact]
    public void Every_form_of_body_is_read()
    {
        const string A = """{"metric":"cpu","value":1.5,"timestamp":1700000000123,"tags":{"host":"a","zone":"z"}}""";
        const string B = """{"tags":{"zone":"z","host":"a"},"other":[1,{"metric":"x"}],"timestamp":"2023-11-14T22:13:20.123Z","value":true,"metric":"c\u0070u"}""";
        var series = new[] { ("host", "a"), ("zone", "z") };
        ParsedBody.Point[] expected =
        [
            ParsedBody.PointOf("cpu", series, 1.5, 1_700_000_000_123), ParsedBody.PointOf("cpu", series, 1, 1_700_000_000_123),
        ];
        Assert.Equal(expected, Parse($"[{A},{B}]").Points);
        Assert.Equal(expected, Parse($"{A}\n{B}\n").Points);
        Assert.Equal(expected[..1], Parse(A).Points);
        Assert.Equal(ParsedBody.ReceivedAt, Assert.Single(Parse("""{"metric":"m","value":1}""").Points).Time);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n ")]
    [InlineData("[]")]
    public void A_body_without_points_is_fine(string text)
    {
        var body = Parse(text);
        Assert.Empty(body.Points);
        Assert.Empty(body.Errors);
    }

    [Theory]
    [InlineData("""{"value":1}""", "EmptyName")]
    [InlineData("""{"metric":5,"value":1}""", "EmptyName")]
    [InlineData("""{"metric":"","value":1}""", "EmptyName")]
    [InlineData("""{"metric":"m"}""", "InvalidValue")]
    [InlineData("""{"metric":"m","value":"1"}""", "InvalidValue")]
    [InlineData("""{"metric":"m","value":null}""", "InvalidValue")]
    [InlineData("""{"metric":"m","value":1e400}""", "NotFinite")]
    [InlineData("""{"metric":"m","value":1,"timestamp":"yesterday"}""", "InvalidTimestamp")]
    [InlineData("""{"metric":"m","value":1,"timestamp":1e30}""", "InvalidTimestamp")]
    [InlineData("""{"metric":"m","value":1,"timestamp":1700000600001}""", "TooFarAhead")]
    [InlineData("""{"metric":"m","value":1,"tags":{"a":1}}""", "Malformed")]
    [InlineData("""{"metric":"m","value":1,"tags":["a"]}""", "Malformed")]
    [InlineData("""{"metric":"m","value":1,"tags":{"a":""}}""", "EmptyTag")]
    [InlineData("""{"metric":"m","value":1,"tags":{"a":"1","\u0061":"2"}}""", "DuplicateTag")]
    [InlineData("""{"metric":"m\u0000","value":1}""", "InvalidName")]
    [InlineData("""{"metric":"\ud800","value":1}""", "InvalidName")]
    [InlineData("""{"metric":"m","value":1,"tags":{"a":"\u0085"}}""", "InvalidName")]
    [InlineData("1", "Malformed")]
    public void A_wrong_element_is_refused_by_itself(string element, string reason)
    {
        const string Good = """{"metric":"good","value":1}""";
        var body = Parse($"[{Good},\n{element},{Good}]");
        Assert.Equal(2, body.Points.Count);
        Assert.StartsWith($"2|1|{reason}|", Assert.Single(body.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{\"metric\":\"m\",\"value\":1},\n {\"metric\":\"m\",,", "line 2, byte 16.")]
    [InlineData("{\"metric\":\"m\",\"value\":1}\n{\"metric\":\"m\"", "line 2, byte 14.")]
    [InlineData("[{\"metric\":\"m\",\"value\":1}", "line 1, byte 26.")]
    public void An_error_of_syntax_names_the_place(string text, string place)
    {
        var body = Parse(text);
        Assert.Single(body.Points);
        Assert.Contains(place, Assert.Single(body.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"metric\":\"a\",\"value\":1}\nnot json\n{\"metric\":\"a\",\"value\":3}\n", 2, 2L)]
    [InlineData("{\"metric\":\"a\",\"value\":1}\n{\"metric\":\"a\" \"value\":2}\n\n  {\"metric\":\"a\",\"value\":3}", 2, 2L)]
    [InlineData("}\n{\"metric\":\"a\",\"value\":1}\n{\"metric\":\"a\",\"value\":2}", 2, 1L)]
    [InlineData("{\"metric\":\"a\",\"value\":1}\n{\"metric\":\"a\",\"va", 1, 2L)]
    public void After_a_broken_line_the_next_object_is_read(string body, int accepted, long badLine)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var whole = Read(bytes, []);
        Assert.Equal(accepted, whole.Points.Count);
        Assert.StartsWith($"{badLine}|", Assert.Single(whole.Errors), StringComparison.Ordinal);
        for (var at = 0; at < bytes.Length; at++)
        {
            Read(bytes, [at]).AssertEqual(whole, $"split at {at}");
        }
    }

    [Fact]
    public void An_element_beyond_the_limit_is_left_out_wherever_the_body_is_split()
    {
        const string Good = """{"metric":"m","value":1}""";
        var text = Encoding.UTF8.GetBytes($"{Good}\n{{\"x\":\"{new string('x', MaxElementBytes)}\"}}\n{Good}");
        var whole = Read(text, []);
        Assert.Equal(2, whole.Points.Count);
        Assert.StartsWith("2|1|LineTooLong|", Assert.Single(whole.Errors), StringComparison.Ordinal);
        for (var at = 0; at < text.Length; at++)
        {
            Read(text, [at]).AssertEqual(whole, $"split at {at}");
        }
    }

    [Fact]
    public void Any_body_is_read_the_same_wherever_it_is_split_and_as_the_reference_reads_it()
    {
        var (accepted, refused, broken) = (0, 0, 0);
        Gen.Select(Body, Gen.Int[0, 100_000].Array[0, 5]).Sample(
            (body, cuts) =>
            {
                var whole = Read(body, []);
                Read(body, cuts).AssertEqual(whole, Encoding.Latin1.GetString(body));
                if (Reference(body) is { } expected)
                {
                    Assert.True(expected.SequenceEqual(whole.Points), $"{Encoding.UTF8.GetString(body)}\n{string.Join('\n', whole.Points)}\n{string.Join('\n', whole.Errors)}");
                }
                else
                {
                    broken++;
                }

                accepted += whole.Points.Count;
                refused += whole.Errors.Count;
            },
            iter: 10_000,
            threads: 1);
        Assert.True(accepted > 2000 && refused > 2000 && broken > 200, $"{accepted} {refused} {broken}");
    }

    [Fact]
    public void Every_place_to_split_gives_the_same() =>
        Body.Sample(
            body =>
            {
                var whole = Read(body, []);
                for (var at = 1; at < body.Length; at++)
                {
                    Read(body, [at]).AssertEqual(whole, $"split at {at}: {Encoding.Latin1.GetString(body)}");
                }

                Read(body, Enumerable.Range(0, body.Length)).AssertEqual(whole, Encoding.Latin1.GetString(body));
            },
            iter: 200,
            threads: 1);

    [Fact]
    public void A_known_series_costs_no_allocation()
    {
        var text = Encoding.UTF8.GetBytes("[" + string.Join(",\n", Enumerable.Range(0, 5000).Select(i =>
            $$$"""{"metric":"cpu","value":{{{i * 0.5}}},"timestamp":"2024-01-01T00:00:00.123Z","tags":{"host":"server-{{{i % 100}}}","z\u006fne":"eu"}}""")) + "]");
        var points = new RequestPoints { DefinitionPeriod = -1 };
        var report = new IngestReport();
        for (var i = 0; i < 3; i++)
        {
            ReadAll();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        ReadAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(5000, points.Count);

        void ReadAll()
        {
            points.Clear();
            _parser.Begin(new PointSink(points, report, 0, long.MaxValue));
            for (var at = 0; at < text.Length; at += 4096)
            {
                _parser.Append(text.AsSpan(at, Math.Min(4096, text.Length - at)));
            }

            _parser.Complete();
        }
    }

    private static string Quote(string text) => JsonSerializer.Serialize(text);

    /// <summary>The points of a body by the runtime's document model; null when it is no JSON.</summary>
    private static List<ParsedBody.Point>? Reference(byte[] body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { AllowMultipleValues = true });
        var points = new List<ParsedBody.Point>();
        try
        {
            while (reader.Read())
            {
                using var document = JsonDocument.ParseValue(ref reader);
                IEnumerable<JsonElement> elements =
                    document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray() : [document.RootElement];
                points.AddRange(elements.Select(PointOf).OfType<ParsedBody.Point>());
            }

            return points;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // Text that is not UTF-8: judged by other tests.
            return null;
        }
    }

    private static ParsedBody.Point? PointOf(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("metric", out var metric) || metric.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("value", out var value)
            || (element.TryGetProperty("tags", out var tags) && tags.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)))
        {
            return null;
        }

        double? number = value.ValueKind switch
        {
            JsonValueKind.Number => double.Parse(value.GetRawText(), CultureInfo.InvariantCulture),
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => null,
        };
        var pairs = tags.ValueKind != JsonValueKind.Object
            ? []
            : tags.EnumerateObject().Select(tag => (tag.Name, Value: tag.Value.ValueKind == JsonValueKind.String ? tag.Value.GetString()! : "")).ToList();
        var names = pairs.SelectMany(pair => new[] { pair.Name, pair.Value }).Append(metric.GetString()!).ToList();
        if (number is not { } finite || !double.IsFinite(finite) || names.Exists(name => name.Length == 0 || name.Any(char.IsControl))
            || pairs.Select(pair => pair.Name).Distinct().Count() < pairs.Count)
        {
            return null;
        }

        return TimeOf(element) is { } time && time <= ParsedBody.Latest ? ParsedBody.PointOf(metric.GetString()!, pairs, finite, time) : null;
    }

    private static long? TimeOf(JsonElement element)
    {
        if (!element.TryGetProperty("timestamp", out var timestamp))
        {
            return ParsedBody.ReceivedAt;
        }

        return timestamp.ValueKind switch
        {
            JsonValueKind.Null => ParsedBody.ReceivedAt,
            JsonValueKind.Number when timestamp.GetDouble() is var ms && Math.Abs(ms) < 1e14 => (long)Math.Floor(ms),
            JsonValueKind.String when Rfc3339.TryParse(Encoding.UTF8.GetBytes(timestamp.GetString()!), out var ms) => ms,
            _ => null,
        };
    }

    private ParsedBody Parse(string text) => Read(Encoding.UTF8.GetBytes(text), []);

    private ParsedBody Read(byte[] body, IEnumerable<int> cuts) => ParsedBody.Of(_parser, sink => _parser.Begin(sink), ParsedBody.Split(body, cuts));
}
