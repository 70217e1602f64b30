using System.Buffers;
using System.Text;
using CsCheck;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Contracts.Tests.Series;

public sealed class SeriesKeyTests
{
    // Plain names, names beyond ASCII, surrogate pairs, and values whose length takes two bytes.
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char['a', 'e'], 1, 3],
        Gen.String[Gen.Char['\u00e0', '\u0fff'], 1, 5],
        Gen.Int[0x1F600, 0x1F64F].Select(char.ConvertFromUtf32),
        Gen.Int[100, 400].Select(length => new string('x', length)));

    private static readonly Gen<Tag[]> Tags =
        Gen.Select(Text, Text, (name, value) => new Tag(name, value)).Array[0, 8].Select(tags => tags.DistinctBy(tag => tag.Name).ToArray());

    [Fact]
    public void A_key_round_trips_to_its_tags_sorted_by_the_bytes_of_their_names() =>
        Tags.Sample(
            tags =>
            {
                var sorted = tags.OrderBy(tag => Encoding.UTF8.GetBytes(tag.Name), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
                Assert.Equal(sorted, SeriesKey.Decode(SeriesKey.Encode(tags)));
            },
            iter: 2_000);

    [Fact]
    public void The_order_of_tags_does_not_matter()
    {
        var reordered = 0L;
        Tags.SelectMany(tags => Gen.Shuffle(tags).Select(shuffled => (tags, shuffled))).Sample(
            pair =>
            {
                var key = SeriesKey.Encode(pair.tags);
                Assert.Equal(key, SeriesKey.Encode(pair.shuffled));
                Assert.Equal(SeriesKey.Hash(key), SeriesKey.Hash(SeriesKey.Encode(pair.shuffled)));
                Interlocked.Add(ref reordered, pair.tags.SequenceEqual(pair.shuffled) ? 0 : 1);
            },
            iter: 1_000);
        Assert.True(reordered > 300);
    }

    [Fact]
    public void Different_tags_have_different_keys() =>
        Gen.Select(Tags, Tags).Sample(
            (a, b) => Assert.Equal(a.ToHashSet().SetEquals(b), SeriesKey.Encode(a).AsSpan().SequenceEqual(SeriesKey.Encode(b))),
            iter: 2_000);

    [Fact]
    public void Text_that_moves_between_name_and_value_makes_another_key() =>
        Assert.NotEqual(SeriesKey.Encode([new Tag("ab", "c")]), SeriesKey.Encode([new Tag("a", "bc")]));

    [Fact]
    public void Appended_tags_make_the_same_key_as_encoded_ones() =>
        Tags.Sample(
            tags =>
            {
                var writer = new ArrayBufferWriter<byte>();
                foreach (var tag in SeriesKey.Decode(SeriesKey.Encode(tags)))
                {
                    SeriesKey.AppendTag(writer, Encoding.UTF8.GetBytes(tag.Name), Encoding.UTF8.GetBytes(tag.Value));
                }

                Assert.Equal(SeriesKey.Encode(tags), writer.WrittenSpan.ToArray());
            },
            iter: 500);

    [Fact]
    public void The_empty_key_is_the_series_without_tags()
    {
        Assert.Empty(SeriesKey.Encode([]));
        Assert.Empty(SeriesKey.Decode([]));
    }

    [Fact]
    public void A_truncated_key_is_refused_unless_a_tag_ends_there()
    {
        var refused = 0L;
        Tags.Sample(
            tags =>
            {
                var key = SeriesKey.Encode(tags);
                for (var length = 0; length < key.Length; length++)
                {
                    try
                    {
                        var decoded = SeriesKey.Decode(key.AsSpan(0, length));
                        Assert.Equal(key.AsSpan(0, length).ToArray(), SeriesKey.Encode(decoded));
                    }
                    catch (FormatException)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            },
            iter: 300);
        Assert.True(refused > 1_000);
    }

    [Fact]
    public void Random_bytes_are_a_key_or_refused() =>
        Gen.Byte.Array[0, 60].Sample(
            bytes =>
            {
                try
                {
                    Assert.NotNull(SeriesKey.Decode(bytes));
                }
                catch (FormatException)
                {
                    // The documented answer.
                }
            },
            iter: 5_000);
}
