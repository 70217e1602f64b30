using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Tests.Load;

public sealed class EncodedRequestTests
{
    private static readonly LinePattern Pattern = new(new LoadShape { Series = 1_000 });

    [Fact]
    public void Every_line_gets_its_own_time_in_nanoseconds() => Gen.Select(Gen.Long[1_000_000_000_000_000_000, 9_000_000_000_000_000_000], Gen.Long[0, 3_000_000_000])
        .Sample((first, step) =>
        {
            var request = EncodedRequest.Build(Pattern, 0, 7);
            request.Stamp(first, step);
            Assert.Equal(
                Enumerable.Range(0, 7).Select(line => (first + (line * step)).ToString(CultureInfo.InvariantCulture)),
                Lines(request).Select(static line => line.Split(' ')[^1]));
        });

    [Fact]
    public void Rewriting_the_time_changes_nothing_else()
    {
        var request = EncodedRequest.Build(Pattern, 40, 100);
        request.Stamp(1_700_000_000_999_999_998, 1);
        var once = Lines(request).Select(static line => line[..line.LastIndexOf(' ')]).ToArray();
        request.Stamp(1_800_000_000_000_000_000, 12_345);

        Assert.Equal(once, Lines(request).Select(static line => line[..line.LastIndexOf(' ')]));
        Assert.Contains(once, static line => line.StartsWith("bench_metric_19,host=server-0002,region=ap,zone=c value=", StringComparison.Ordinal));
    }

    [Fact]
    public void Rewriting_the_time_allocates_nothing()
    {
        var request = EncodedRequest.Build(Pattern, 0, 5_000);
        request.Stamp(1_700_000_000_000_000_000, 1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        request.Stamp(1_700_000_001_000_000_000, 1_000_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_length_in_the_head_is_that_of_the_body()
    {
        var request = EncodedRequest.Build(Pattern, 0, 3);
        var text = Encoding.ASCII.GetString(request.Bytes);

        Assert.Contains($"\r\nContent-Length: {request.Body.Length}\r\n", text, StringComparison.Ordinal);
        Assert.Equal(request.Body.Length, text.Length - text.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
    }

    [Theory]
    [InlineData(20, 1_000)]
    [InlineData(20, 100_000)]
    [InlineData(2_000, 100_000)]
    [InlineData(7, 30)]
    public void The_requests_hold_every_series(int metrics, int series)
    {
        var shape = new LoadShape { Metrics = metrics, Series = series, LeastLines = 1 };
        var set = RequestSet.Build(shape);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in Enumerable.Range(0, shape.Connections).SelectMany(set.Of).SelectMany(Lines))
        {
            keys.Add(line[..line.IndexOf(' ', StringComparison.Ordinal)]);
            Assert.InRange(line.Length, 66, 90);
        }

        Assert.Equal(shape.TotalSeries, keys.Count);
    }

    private static string[] Lines(EncodedRequest request) => Encoding.ASCII.GetString(request.Body).TrimEnd('\n').Split('\n');
}
