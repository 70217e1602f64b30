using System.IO.Hashing;
using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Gateway.Protocols.Influx;
using OrleansMetrics.Gateway.Protocols.Json;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>The buffers of one request: its points, its report and the parsers. Pooled; used by one request at a time.</summary>
internal sealed class IngestRequest(SeriesCache cache, IOptions<IngestOptions> options, IOptions<PointTimeOptions> times)
{
    private readonly LineProtocolParser _lines = new(cache, options.Value.MaxLineBytes);
    private readonly JsonPointParser _json = new(cache, options.Value.MaxLineBytes);
    private readonly long _maxFutureMilliseconds = times.Value.MaxFutureMilliseconds();
    private readonly XxHash128 _hash = new();

    public RequestPoints Points { get; } = new();

    public IngestReport Report { get; } = new();

    /// <summary>Begins a request and chooses its parser.</summary>
    /// <param name="precision">The precision of line protocol, or null for JSON.</param>
    /// <param name="receivedAt">Unix milliseconds.</param>
    /// <param name="definitionPeriod">The batcher's.</param>
    public IPointParser Begin(TimestampPrecision? precision, long receivedAt, int definitionPeriod)
    {
        Points.DefinitionPeriod = definitionPeriod;
        var sink = new PointSink(Points, Report, receivedAt, receivedAt + _maxFutureMilliseconds);
        if (precision is { } unit)
        {
            _lines.Begin(sink, unit);
            return _lines;
        }

        _json.Begin(sink);
        return _json;
    }

    /// <summary>Begins the hash of a body whose request can be repeated.</summary>
    public XxHash128 BeginHash()
    {
        _hash.Reset();
        return _hash;
    }

    /// <summary>
    /// Names the points, when the whole body has been hashed. What gives the same bytes another meaning is part of the name: protocol
    /// and precision.
    /// </summary>
    public void SetKey(ReadOnlySpan<byte> key, TimestampPrecision? precision)
    {
        _hash.Append([precision is { } unit ? (byte)unit : byte.MaxValue]);
        Points.Key = RequestKey.Of(key, _hash.GetCurrentHashAsUInt128());
    }
}
