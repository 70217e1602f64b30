using System.Text;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Protocols;

/// <summary>What a parser made of a body, in a form that can be compared.</summary>
internal sealed record ParsedBody(IReadOnlyList<ParsedBody.Point> Points, IReadOnlyList<string> Errors, long Received, long Ignored)
{
    public const long ReceivedAt = 1_700_000_000_000;
    public const long Latest = ReceivedAt + 600_000;

    /// <summary>One point; the series by its identity, bits of the value so that −0 and 0 differ.</summary>
    public readonly record struct Point(string Metric, ulong Series, long ValueBits, long Time);

    public static SeriesCache NewCache() => new(16, new SeriesCacheOptions());

    public static Point PointOf(string metric, IEnumerable<(string Name, string Value)> tags, double value, long time) => new(
        metric,
        SeriesKey.Hash(SeriesKey.Encode([.. tags.Select(tag => new Contracts.Points.Tag(tag.Name, tag.Value))])),
        BitConverter.DoubleToInt64Bits(value),
        time);

    /// <summary>Feeds the pieces and collects the outcome.</summary>
    public static ParsedBody Of(IPointParser parser, Action<PointSink> begin, IEnumerable<byte[]> pieces)
    {
        var points = new RequestPoints(4);
        var report = new IngestReport();
        begin(new PointSink(points, report, ReceivedAt, Latest));
        foreach (var piece in pieces)
        {
            // A copy that is wiped afterwards: a parser must not refer to a piece it was given.
            var lent = piece.ToArray();
            parser.Append(lent);
            lent.AsSpan().Fill(0xEE);
        }

        parser.Complete();
        return new ParsedBody(PointsOf(points), [.. report.Errors.Select(ErrorText)], report.Received, report.IgnoredFields);
    }

    public static IReadOnlyList<Point> PointsOf(RequestPoints points)
    {
        var list = new Point[points.Count];
        points.Seal();
        foreach (var run in points.Runs)
        {
            foreach (var i in points.Order.Slice(run.Start, run.Count))
            {
                list[i] = new Point(
                    Encoding.UTF8.GetString(run.Metric.Name), points.Ids[i], BitConverter.DoubleToInt64Bits(points.Values[i]), points.Times[i]);
            }
        }

        return list;
    }

    /// <summary>Splits a body at places given as fractions.</summary>
    public static IEnumerable<byte[]> Split(byte[] body, IEnumerable<int> cuts)
    {
        var at = 0;
        foreach (var cut in cuts.Select(cut => cut % (body.Length + 1)).Order().Append(body.Length))
        {
            yield return body[at..cut];
            at = cut;
        }
    }

    public void AssertEqual(ParsedBody other, string context)
    {
        Assert.True(Points.SequenceEqual(other.Points), $"{context}\npoints:\n{string.Join('\n', Points)}\nother:\n{string.Join('\n', other.Points)}");
        Assert.True(Errors.SequenceEqual(other.Errors), $"{context}\nerrors:\n{string.Join('\n', Errors)}\nother:\n{string.Join('\n', other.Errors)}");
        Assert.True(Received == other.Received && Ignored == other.Ignored, $"{context}\nreceived {Received}/{other.Received} ignored {Ignored}/{other.Ignored}");
    }

    private static string ErrorText(IngestError error) => $"{error.Line}|{error.Index}|{error.Reason}|{error.Message}|{error.Text}";
}
