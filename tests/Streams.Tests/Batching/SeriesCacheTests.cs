using System.Text;
using CsCheck;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Streams.Tests.Batching;

public sealed class SeriesCacheTests
{
    [Fact]
    public void Every_spelling_of_a_series_in_any_format_shares_one_entry()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Assert.True(cache.TryResolve("cpu", [new Tag("host", "a"), new Tag("zone", "z")], out var first, out _));
        Assert.True(cache.TryResolve("cpu", [new Tag("zone", "z"), new Tag("host", "a")], out var second, out _));
        Assert.Same(first, second);
        Assert.Same(first, Add(cache, RawFormat.LineProtocol, "cpu,zone=z,host=a", "value", "cpu", ("zone", "z"), ("host", "a")));
        Assert.Equal(SeriesKey.Encode([new Tag("host", "a"), new Tag("zone", "z")]), first.Key);
        Assert.Equal(SeriesKey.Hash(first.Key), first.Id);
        Assert.Equal(3, cache.Count);
    }

    [Fact]
    public void The_same_bytes_are_another_series_in_another_format_or_cut_elsewhere()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Add(cache, RawFormat.LineProtocol, "ab", "c", "one");
        Assert.Null(Find(cache, RawFormat.Json, "ab", "c"));
        Assert.Null(Find(cache, RawFormat.LineProtocol, "a", "bc"));
        Assert.Null(Find(cache, RawFormat.LineProtocol, "abc", ""));
        Assert.NotNull(Find(cache, RawFormat.LineProtocol, "ab", "c"));
    }

    [Fact]
    public void What_was_added_is_found_alone_and_among_others_and_nothing_else_is()
    {
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Byte.Array[0, 20]).Array[1, 200].Sample(
            keys =>
            {
                var cache = new SeriesCache(4, new SeriesCacheOptions());
                var text = keys.SelectMany(key => key.Item1.Concat(key.Item2)).ToArray();
                var lookups = new SeriesLookup[keys.Length];
                var at = 0;
                for (var i = 0; i < keys.Length; i++)
                {
                    lookups[i] = new SeriesLookup { SeriesAt = at, SeriesLength = keys[i].Item1.Length, FieldAt = at + keys[i].Item1.Length, FieldLength = keys[i].Item2.Length };
                    at = lookups[i].FieldAt + lookups[i].FieldLength;
                    lookups[i].Hash = cache.Hash(cache.Hash(RawFormat.Json, keys[i].Item1), keys[i].Item2);
                }

                var known = keys.Where((_, i) => i % 2 == 0).Select(Name).Distinct().ToDictionary(name => name, name => (SeriesEntry?)null);
                for (var i = 0; i < keys.Length; i += 2)
                {
                    known[Name(keys[i])] ??= Add(cache, lookups[i].Key(RawFormat.Json, text), $"m{known.Values.Count(entry => entry is not null)}");
                }

                cache.Find(RawFormat.Json, text, lookups);
                for (var i = 0; i < keys.Length; i++)
                {
                    Assert.Same(known.GetValueOrDefault(Name(keys[i])), lookups[i].Entry);
                    Assert.Same(lookups[i].Entry, cache.Find(lookups[i].Key(RawFormat.Json, text)));
                }
            },
            iter: 300);

        static string Name((byte[] Series, byte[] Field) key) => $"{Convert.ToHexString(key.Series)}/{Convert.ToHexString(key.Field)}";
    }

    [Theory]
    [InlineData("", "a", "b", RejectReason.EmptyName)]
    [InlineData("m\n", "a", "b", RejectReason.InvalidName)]
    [InlineData("m", "", "b", RejectReason.EmptyTag)]
    [InlineData("m", "a", "", RejectReason.EmptyTag)]
    [InlineData("m", "a\u007f", "b", RejectReason.InvalidName)]
    [InlineData("m", "a", "\u009f", RejectReason.InvalidName)]
    public void What_breaks_a_rule_is_refused_with_its_reason(string metric, string name, string value, RejectReason expected)
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Assert.False(cache.TryResolve(metric, [new Tag(name, value)], out var entry, out var reason));
        Assert.Null(entry);
        Assert.Equal(expected, reason);
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Assert.False(cache.TryResolve("m\ud800", [], out _, out var inName));
        Assert.False(cache.TryResolve("m", [new Tag("a", "\udc00")], out _, out var inTag));
        Assert.Equal((RejectReason.InvalidName, RejectReason.InvalidName), (inName, inTag));
    }

    [Fact]
    public void Lengths_count_in_bytes()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Check(new string('é', 128), "a", "b", 1, null);
        Check(new string('é', 128) + "x", "a", "b", 1, RejectReason.NameTooLong);
        Check(new string('m', 100_000), "a", "b", 1, RejectReason.NameTooLong);
        Check("m", new string('é', 127), new string('€', 1365), 1, null);
        Check("m", new string('é', 128), "b", 1, RejectReason.TagTooLong);
        Check("m", "a", new string('€', 1366), 1, RejectReason.TagTooLong);
        Check("m", "a", new string('x', 1_000_000), 1, RejectReason.TagTooLong);
        Check("m", "a", "b", 40, null);
        Check("m", "a", "b", 41, RejectReason.TooManyTags);

        void Check(string metric, string name, string value, int tags, RejectReason? expected)
        {
            var all = Enumerable.Range(0, tags).Select(i => new Tag(name + (char)('A' + (i % 26)) + (i / 26 > 0 ? "2" : ""), value)).ToArray();
            Assert.Equal(expected is null, cache.TryResolve(metric, all, out _, out var reason));
            Assert.Equal(expected ?? default, reason);
        }
    }

    [Fact]
    public void A_tag_that_comes_twice_is_refused()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        Assert.False(cache.TryResolve("m", [new Tag("b", "1"), new Tag("a", "1"), new Tag("b", "2")], out _, out var reason));
        Assert.Equal(RejectReason.DuplicateTag, reason);
    }

    [Fact]
    public void Two_series_of_a_metric_with_one_identity_are_a_collision_and_of_two_metrics_are_not()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions(), static _ => 42);
        Assert.True(cache.TryResolve("m", [new Tag("a", "1")], out var first, out _));
        Assert.False(cache.TryResolve("m", [new Tag("a", "2")], out _, out var reason));
        Assert.Equal(RejectReason.SeriesIdCollision, reason);
        Assert.True(cache.TryResolve("other", [new Tag("a", "2")], out _, out _));
        Assert.True(cache.TryResolve("m", [new Tag("a", "1")], out var again, out _));
        Assert.Same(first, again);
    }

    [Fact]
    public void A_full_cache_starts_afresh_and_metrics_keep_their_indexes()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions { MaxSeries = 10, MaxMetrics = 3 });
        for (var i = 0; i < 100; i++)
        {
            Assert.True(cache.TryResolve($"m{i % 3}", [new Tag("i", $"{i}")], out var entry, out _));
            Assert.Equal(i % 3, entry.Metric.Index);
            Assert.InRange(cache.Count, 1, 10);
        }

        Assert.Equal(9, cache.Restarts);
        Assert.False(cache.TryResolve("m3", [], out _, out var reason));
        Assert.Equal(RejectReason.TooManyMetrics, reason);
        Assert.Equal(3, cache.Metrics);
    }

    [Fact]
    public void Memory_stays_within_the_bound()
    {
        const long MaxBytes = 2 * 1024 * 1024;
        var cache = new SeriesCache(16, new SeriesCacheOptions { MaxBytes = MaxBytes });
        for (var i = 0; i < 20_000; i++)
        {
            Assert.True(cache.TryResolve("m", [new Tag("i", $"{i}{new string('x', i % 300)}")], out _, out _));
            Assert.InRange(cache.Bytes, 1, MaxBytes);
        }

        Assert.InRange(cache.Restarts, 2, 100);
    }

    [Fact]
    public async Task Readers_and_writers_at_once_always_get_the_series_that_they_ask_for()
    {
        // Small bounds, so that tables are replaced all the time.
        var cache = new SeriesCache(16, new SeriesCacheOptions { MaxSeries = 3000 });
        var indexes = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var hits = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var n = 0; n < 60_000; n++)
            {
                var i = random.Next(4000);
                var metric = $"m{i % 50}";
                var raw = $"{metric},i={i}";
                var entry = Find(cache, RawFormat.LineProtocol, raw, "value");
                Interlocked.Add(ref hits, entry is null ? 0 : 1);
                entry ??= Add(cache, RawFormat.LineProtocol, raw, "value", metric, ("i", $"{i}"));
                Assert.Equal(SeriesKey.Encode([new Tag("i", $"{i}")]), entry.Key);
                Assert.Equal(metric, Encoding.UTF8.GetString(entry.Metric.Name));
                Assert.Equal(entry.Metric.Index, indexes.GetOrAdd(metric, entry.Metric.Index));
            }
        })));
        Assert.Equal(50, indexes.Values.Distinct().Count());
        Assert.True(hits > 10_000 && cache.Restarts > 2, $"{hits} hits, {cache.Restarts} restarts");
    }

    [Fact]
    public void Every_wrong_option_is_named_at_once()
    {
        var services = new ServiceCollection();
        services.AddSeriesCache(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["SeriesCache:MaxSeries"] = "0", ["SeriesCache:MaxBytes"] = "1", ["SeriesCache:MaxMetrics"] = "-1",
        }).Build());
        using var provider = services.BuildServiceProvider();
        var failure = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<SeriesCacheOptions>>().Value);
        Assert.Equal(3, failure.Failures.Count());
    }

    private static SeriesEntry? Find(SeriesCache cache, RawFormat format, string series, string field)
    {
        var bytes = Encoding.UTF8.GetBytes(series);
        return cache.Find(cache.Key(format, bytes, cache.Hash(format, bytes), Encoding.UTF8.GetBytes(field)));
    }

    private static SeriesEntry Add(
        SeriesCache cache, RawFormat format, string series, string field, string metric, params (string Name, string Value)[] tags)
    {
        var bytes = Encoding.UTF8.GetBytes(series);
        return Add(cache, cache.Key(format, bytes, cache.Hash(format, bytes), Encoding.UTF8.GetBytes(field)), metric, tags);
    }

    private static SeriesEntry Add(SeriesCache cache, RawSeriesKey key, string metric, params (string Name, string Value)[] tags)
    {
        var parsed = new ParsedSeries();
        parsed.Begin(Encoding.UTF8.GetBytes(metric));
        foreach (var (name, value) in tags)
        {
            parsed.AddTag(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        }

        Assert.True(cache.TryAdd(key, parsed, out var entry, out var reason), reason.ToString());
        return entry;
    }
}
