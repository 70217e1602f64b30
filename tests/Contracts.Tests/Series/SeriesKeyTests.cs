using System.Text;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Contracts.Tests.Series;

public sealed class SeriesKeyTests
{
    /// <summary>Short names of few characters, so that prefixes, near misses and equal names with other values are common.</summary>
    private static readonly Gen<Tag[]> GenTags = Gen
        .Select(Gen.String[Gen.Char["ab\u0001é"], 1, 3], Gen.Frequency((9, Gen.String[Gen.Char["ab\u0001"], 0, 3]), (1, Gen.String[Gen.Char.AlphaNumeric, 100, 300])), static (name, value) => new Tag(name, value))
        .Array[0, 5]
        .Select(static tags => tags.DistinctBy(static tag => tag.Name).ToArray());

    [Fact]
    public void Tags_come_back_sorted_by_the_bytes_of_their_names() => GenTags.Sample(
        tags =>
        {
            var sorted = tags.OrderBy(static tag => Convert.ToHexString(Encoding.UTF8.GetBytes(tag.Name)), StringComparer.Ordinal);
            var key = SeriesKey.Encode(tags);
            Assert.Equal(sorted, SeriesKey.Decode(key));
            Assert.True(SeriesKey.IsCanonical(key));
        },
        iter: 2_000);

    [Fact]
    public void The_order_of_tags_does_not_matter() => Gen.Select(GenTags, Gen.Int).Sample((tags, seed) =>
    {
        var shuffled = tags.ToArray();
        new Random(seed).Shuffle(shuffled);
        Assert.Equal(SeriesKey.Encode(tags), SeriesKey.Encode(shuffled));
    });

    [Fact]
    public void Two_tag_sets_have_the_same_key_only_if_they_are_equal()
    {
        var equal = 0;
        Gen.Select(GenTags, GenTags).Sample(
            (one, other) =>
            {
                var same = one.ToHashSet().SetEquals(other);
                Assert.Equal(same, SeriesKey.Encode(one).AsSpan().SequenceEqual(SeriesKey.Encode(other)));
                Interlocked.Add(ref equal, same ? 1 : 0);
            },
            iter: 20_000);
        Assert.True(equal > 20, $"equal sets were generated only {equal} times");
    }

    [Fact]
    public void Names_and_values_of_the_greatest_length_fit()
    {
        Tag[] tags = [new(new string('n', PointLimits.MaxTagNameBytes), new string('v', PointLimits.MaxTagValueBytes)), new("z", new string('w', 20_000))];
        Assert.Equal(tags, SeriesKey.Decode(SeriesKey.Encode(tags)));
    }

    [Fact]
    public void No_tags_are_the_empty_key()
    {
        Assert.Empty(SeriesKey.Encode([]));
        Assert.Empty(SeriesKey.Decode([]));
        Assert.True(SeriesKey.IsCanonical([]));
    }

    [Theory]
    [InlineData("01", "no name")]
    [InlineData("0161", "no value")]
    [InlineData("016101", "value ends early")]
    [InlineData("80", "length does not end")]
    [InlineData("FFFFFFFF7F", "length of more than 28 bits")]
    [InlineData("FFFFFF7F61", "length beyond the end")]
    [InlineData("81006101620161", "length in more bytes than it needs")]
    [InlineData("0162016101610162", "names descend")]
    [InlineData("0161016201610163", "a name twice")]
    [InlineData("000161000162", "an empty name twice")]
    public void Bytes_that_are_no_canonical_key_are_a_format_error(string hex, string what)
    {
        var key = Convert.FromHexString(hex);
        Assert.False(SeriesKey.IsCanonical(key), what);
        Assert.Throws<FormatException>(() => SeriesKey.Decode(key));
    }

    [Fact]
    public void Hostile_keys_are_decoded_to_what_encodes_to_them_or_are_a_format_error()
    {
        int decoded = 0, refused = 0;
        Gen.Frequency((3, Gen.Byte[0, 3]), (1, Gen.Byte)).Array[0, 12].Sample(
            key =>
            {
                try
                {
                    var tags = SeriesKey.Decode(key);
                    Interlocked.Increment(ref decoded);
                    if (!tags.Any(static tag => (tag.Name + tag.Value).Contains('\uFFFD', StringComparison.Ordinal)))
                    {
                        Assert.Equal(key, SeriesKey.Encode(tags));
                    }
                }
                catch (FormatException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 50_000);
        Assert.True(decoded > 100 && refused > 100, $"{decoded} decoded, {refused} refused");
    }

    [Fact]
    public void The_identity_of_a_series_never_changes()
    {
        // These values are in logs and snapshots.
        Assert.Equal(0x2D06800538D394C2UL, SeriesKey.Hash([]));
        var key = SeriesKey.Encode([new("region", "eu"), new("host", "a")]);
        Assert.Equal("04686F7374016106726567696F6E026575", Convert.ToHexString(key));
        Assert.Equal(4943127667909800531UL, SeriesKey.Hash(key));
    }
}
