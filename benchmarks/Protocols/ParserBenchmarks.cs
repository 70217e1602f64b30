using BenchmarkDotNet.Attributes;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Gateway.Protocols.Influx;
using OrleansMetrics.Gateway.Protocols.Json;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Benchmarks.Protocols;

/// <summary>Parse, look the series up, stage: per point, of a body that comes in pieces of 4 KB as from Kestrel.</summary>
[MemoryDiagnoser]
public class ParserBenchmarks
{
    private const int Points = 200_000;
    private readonly RequestPoints _points = new() { DefinitionPeriod = -1 };
    private readonly IngestReport _report = new();
    private LineProtocolParser _lineParser = null!;
    private JsonPointParser _jsonParser = null!;
    private byte[] _lines = [];
    private byte[] _json = [];

    [Params(1_000, 100_000)]
    public int Series { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var cache = new SeriesCache(16, new SeriesCacheOptions());
        _lineParser = new LineProtocolParser(cache, 256 * 1024);
        _jsonParser = new JsonPointParser(cache, 256 * 1024);
        _lines = LineProtocolWorkload.Lines(Series, Points);
        _json = LineProtocolWorkload.Json(Series, Points);
    }

    [Benchmark(OperationsPerInvoke = Points)]
    public long Lines()
    {
        _lineParser.Begin(new PointSink(_points, _report, 0, long.MaxValue), TimestampPrecision.Nanoseconds);
        return Feed(_lineParser, _lines);
    }

    [Benchmark(OperationsPerInvoke = Points)]
    public long Json()
    {
        _jsonParser.Begin(new PointSink(_points, _report, 0, long.MaxValue));
        return Feed(_jsonParser, _json);
    }

    private long Feed(IPointParser parser, byte[] body)
    {
        for (var at = 0; at < body.Length; at += LineProtocolWorkload.PieceBytes)
        {
            parser.Append(body.AsSpan(at, Math.Min(LineProtocolWorkload.PieceBytes, body.Length - at)));
            if (_points.Count > 4000)
            {
                _points.Clear();
            }
        }

        parser.Complete();
        _points.Clear();
        var received = _report.Received;
        _report.Clear();
        return received;
    }
}
