using System.Buffers;
using System.Globalization;
using System.Text;
using CsCheck;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.Tests.Servers;

public sealed class PlainAggregatorTests
{
    [Fact]
    public void It_counts_every_line_however_the_body_is_cut() => Gen.Int[1, 300].Array[1, 40].Sample(cuts =>
    {
        var request = EncodedRequest.Build(new LinePattern(new LoadShape { Series = 60 }), 0, 200);
        request.Stamp(1_700_000_000_000_000_000, 1);
        var body = request.Body.ToArray();
        var aggregator = new PlainAggregator();

        var left = Cut(body, cuts);
        left = left.Slice(aggregator.Add(left));

        Assert.True(left.IsEmpty);
        Assert.Equal((60, 200L), (aggregator.Series, aggregator.Points));
        Assert.Equal(Values(body).Sum(), aggregator.Sum, 6);
    });

    [Fact]
    public void It_leaves_an_incomplete_line_for_the_next_time()
    {
        var aggregator = new PlainAggregator();
        var body = new ReadOnlySequence<byte>("a,h=1 value=2 17\na,h=1 val"u8.ToArray());

        Assert.Equal("a,h=1 val"u8.Length, body.Slice(aggregator.Add(body)).Length);
        Assert.Equal((1L, 2.0), (aggregator.Points, aggregator.Sum));
    }

    private static IEnumerable<double> Values(byte[] body) => Encoding.ASCII.GetString(body).TrimEnd('\n').Split('\n')
        .Select(static line => double.Parse(line.Split(' ')[1]["value=".Length..], CultureInfo.InvariantCulture));

    private static ReadOnlySequence<byte> Cut(byte[] bytes, int[] cuts)
    {
        Segment? first = null, last = null;
        var at = 0;
        for (var i = 0; at < bytes.Length; i++)
        {
            var length = i < cuts.Length ? Math.Min(cuts[i], bytes.Length - at) : bytes.Length - at;
            last = new Segment(bytes.AsMemory(at, length), last);
            first ??= last;
            at += length;
        }
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
