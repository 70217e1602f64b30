using System.Globalization;
using System.IO.Hashing;
using System.Text;
using BenchmarkDotNet.Attributes;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Benchmarks.Protocols;

/// <summary>Hash and lookup of raw keys of 37 bytes and a field's name, in random order: one at a time, and 32 together.</summary>
public class SeriesCacheBenchmarks
{
    private const int Lookups = 100_000;
    private const int Together = 32;
    private readonly SeriesLookup[] _lookups = new SeriesLookup[Together];
    private readonly Tag[] _tags = [new("host", "server-001"), new("region", "eu")];
    private SeriesCache _cache = null!;
    private byte[] _text = [];
    private int[] _order = [];
    private int _length;

    [Params(1_000, 100_000)]
    public int Series { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _cache = new SeriesCache(16, new SeriesCacheOptions());
        var parsed = new ParsedSeries();
        var text = new StringBuilder();
        for (var i = 0; i < Series; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"cpu_usage_{i % 100:00},host=server-{i / 100:000},region=eu");
        }

        _text = Encoding.ASCII.GetBytes(text.ToString());
        _length = _text.Length / Series;
        for (var i = 0; i < Series; i++)
        {
            parsed.Begin(Encoding.ASCII.GetBytes($"cpu_usage_{i % 100}"));
            parsed.AddTag("host"u8, Encoding.ASCII.GetBytes($"server-{i / 100}"));
            _cache.TryAdd(KeyAt(i), parsed, out _, out _);
        }

        _order = Enumerable.Range(0, Lookups).Select(i => i % Series).ToArray();
        new Random(1).Shuffle(_order);
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public ulong HashOnly()
    {
        ulong sum = 0;
        foreach (var i in _order)
        {
            sum += _cache.Hash(RawFormat.LineProtocol, _text.AsSpan(i * _length, _length));
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public ulong Xxh3Only()
    {
        ulong sum = 0;
        foreach (var i in _order)
        {
            sum += XxHash3.HashToUInt64(_text.AsSpan(i * _length, _length), 1);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public ulong OneAtATime()
    {
        ulong sum = 0;
        foreach (var i in _order)
        {
            sum += _cache.Find(KeyAt(i))!.Id;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public ulong Together32()
    {
        ulong sum = 0;
        for (var at = 0; at + Together <= _order.Length; at += Together)
        {
            for (var n = 0; n < Together; n++)
            {
                ref var lookup = ref _lookups[n];
                lookup.SeriesAt = _order[at + n] * _length;
                lookup.SeriesLength = _length;
                lookup.Hash = _cache.Hash(_cache.Hash(RawFormat.LineProtocol, _text.AsSpan(lookup.SeriesAt, _length)), []);
            }

            _cache.Find(RawFormat.LineProtocol, _text, _lookups);
            foreach (ref readonly var lookup in _lookups.AsSpan())
            {
                sum += lookup.Entry!.Id;
            }
        }

        return sum;
    }

    [Benchmark]
    public bool ResolveStrings() => _cache.TryResolve("cpu_usage", _tags, out _, out _);

    private RawSeriesKey KeyAt(int i)
    {
        var raw = _text.AsSpan(i * _length, _length);
        return _cache.Key(RawFormat.LineProtocol, raw, _cache.Hash(RawFormat.LineProtocol, raw), []);
    }
}
