using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// The series that this process has seen, by the bytes in which senders write them, so that a known series costs one hash and one
/// comparison and no string. Thread-safe; finding takes no lock. One per process.
/// </summary>
/// <remarks>
/// Bounded: a cache that is full starts afresh, which costs definitions sent again and nothing else. Metrics are kept for the life of the
/// process, because their indexes are in tables of requests under way; a metric beyond <see cref="SeriesCacheOptions.MaxMetrics"/> is refused.
/// </remarks>
public sealed class SeriesCache
{
    private const int FirstSlots = 1024;
    private const int FirstKeyBytes = 64 * 1024;

    /// <summary>The entry, its key's array and its place among the identities, beside the bytes of the key itself.</summary>
    private const int EntryOverhead = 160;

    private static readonly UTF8Encoding Utf8Text = new(false);
    private readonly RawKeyHash _hash = new();
    private readonly SeriesIdentity _identity;
    private readonly SeriesCacheOptions _options;
    private readonly int _partitions;
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], MetricEntry> _metrics;
    private readonly Dictionary<byte[], MetricEntry>.AlternateLookup<ReadOnlySpan<byte>> _metricsByName;
    private readonly Dictionary<(int Metric, ulong Id), SeriesEntry> _series = [];
    private SeriesTable _table = new(FirstSlots, FirstKeyBytes);
    private long _entryBytes;
    private long _restarts;

    /// <param name="partitions">Partitions of the cluster.</param>
    /// <param name="options">Bounds.</param>
    public SeriesCache(int partitions, SeriesCacheOptions options)
        : this(partitions, options, SeriesKey.Hash)
    {
    }

    internal SeriesCache(int partitions, SeriesCacheOptions options, SeriesIdentity identity)
    {
        _partitions = partitions;
        _options = options;
        _identity = identity;
        _metrics = new Dictionary<byte[], MetricEntry>(BytesComparer.Instance);
        _metricsByName = _metrics.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The identity of a series by its canonical key.</summary>
    internal delegate ulong SeriesIdentity(ReadOnlySpan<byte> key);

    /// <summary>Series held, each spelling counted.</summary>
    public int Count => Volatile.Read(ref _table).Count;

    /// <summary>Metrics seen since the process started.</summary>
    public int Metrics
    {
        get
        {
            lock (_lock)
            {
                return _metrics.Count;
            }
        }
    }

    /// <summary>Memory taken by series, in bytes, estimated.</summary>
    public long Bytes => Volatile.Read(ref _table).Bytes + Volatile.Read(ref _entryBytes);

    /// <summary>How often the cache was full and started afresh.</summary>
    public long Restarts => Volatile.Read(ref _restarts);

    /// <summary>The hash of the piece that the points of a line have in common, for <see cref="Key"/>.</summary>
    public ulong Hash(RawFormat format, ReadOnlySpan<byte> series) => _hash.Hash(series, (ulong)format);

    /// <summary>The hash of both pieces.</summary>
    /// <param name="seriesHash"><see cref="Hash(RawFormat, ReadOnlySpan{byte})"/> of the first.</param>
    /// <param name="field">The second.</param>
    public ulong Hash(ulong seriesHash, ReadOnlySpan<byte> field) => _hash.Hash(field, seriesHash);

    /// <summary>The raw key of a series; the bytes must stay as they are while the key is in use.</summary>
    /// <param name="format">The format of the bytes.</param>
    /// <param name="series">The piece that the points of a line have in common.</param>
    /// <param name="seriesHash">Its <see cref="Hash(RawFormat, ReadOnlySpan{byte})"/>.</param>
    /// <param name="field">The piece that tells them apart.</param>
    public RawSeriesKey Key(RawFormat format, ReadOnlySpan<byte> series, ulong seriesHash, ReadOnlySpan<byte> field) =>
        new(format, series, field, _hash.Hash(field, seriesHash));

    /// <summary>The series of a raw key, or null if it is not known: then parse it and call <see cref="TryAdd"/>.</summary>
    public SeriesEntry? Find(in RawSeriesKey key) => Volatile.Read(ref _table).Find(key);

    /// <summary>The same for several series of one text.</summary>
    public void Find(RawFormat format, ReadOnlySpan<byte> text, Span<SeriesLookup> lookups) => Volatile.Read(ref _table).Find(format, text, lookups);

    /// <summary>Checks a series, and remembers its raw key when it is valid. Series that mean the same share one entry, however they are written.</summary>
    /// <param name="key">The raw key.</param>
    /// <param name="series">What it says.</param>
    /// <param name="entry">The series, when the answer is true.</param>
    /// <param name="reason">Why the series is refused, when the answer is false.</param>
    public bool TryAdd(in RawSeriesKey key, ParsedSeries series, [NotNullWhen(true)] out SeriesEntry? entry, out RejectReason reason)
    {
        entry = null;
        Span<int> order = stackalloc int[PointLimits.MaxTags];
        order = order[..Math.Min(series.TagCount, order.Length)];
        if (SeriesRules.Check(series, order) is { } bad)
        {
            reason = bad;
            return false;
        }

        var canonical = SeriesRules.Key(series, order);
        var id = _identity(canonical);
        lock (_lock)
        {
            // Another thread may have added the key since the caller looked.
            reason = default;
            entry = _table.Find(key);
            return entry is not null || TryAddLocked(key, series.Metric, id, canonical, out entry, out reason);
        }
    }

    /// <summary>The series of a metric and tags that come as strings.</summary>
    /// <param name="metric">Metric name.</param>
    /// <param name="tags">Tags in any order.</param>
    /// <param name="entry">The series, when the answer is true.</param>
    /// <param name="reason">Why the series is refused, when the answer is false.</param>
    public bool TryResolve(string metric, ReadOnlySpan<Tag> tags, [NotNullWhen(true)] out SeriesEntry? entry, out RejectReason reason)
    {
        entry = null;
        if (tags.Length > PointLimits.MaxTags)
        {
            reason = RejectReason.TooManyTags;
            return false;
        }

        // A limit is checked in characters first, so that the buffer is bounded; no character takes less than a byte.
        if (metric.Length > PointLimits.MaxMetricNameBytes)
        {
            reason = RejectReason.NameTooLong;
            return false;
        }

        var length = Utf8Text.GetMaxByteCount(metric.Length);
        foreach (var (name, value) in tags)
        {
            if (name?.Length > PointLimits.MaxTagNameBytes || value?.Length > PointLimits.MaxTagValueBytes)
            {
                reason = RejectReason.TagTooLong;
                return false;
            }

            length += 8 + Utf8Text.GetMaxByteCount(name?.Length ?? 0) + Utf8Text.GetMaxByteCount(value?.Length ?? 0);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            return TryResolve(metric, tags, buffer, out entry, out reason);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A metric's aggregator has said what it is. Nothing happens when no point of it has come here.</summary>
    /// <param name="metric">Its name.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="period">The definition period now.</param>
    public void SetKind(string metric, MetricKind kind, int period)
    {
        lock (_lock)
        {
            if (_metricsByName.TryGetValue(Encoding.UTF8.GetBytes(metric), out var entry))
            {
                entry.SetKind(kind, period);
            }
        }
    }

    private bool TryResolve(
        string metric, ReadOnlySpan<Tag> tags, Span<byte> buffer, [NotNullWhen(true)] out SeriesEntry? entry, out RejectReason reason)
    {
        entry = null;
        reason = RejectReason.InvalidName;
        var length = 0;
        if (!TryWrite(metric, buffer, ref length))
        {
            return false;
        }

        var name = buffer[..length];
        var written = length;
        foreach (var tag in tags)
        {
            if (!TryWriteBlock(tag.Name ?? "", buffer, ref written) || !TryWriteBlock(tag.Value ?? "", buffer, ref written))
            {
                return false;
            }
        }

        var raw = buffer[length..written];
        var key = Key(RawFormat.Client, raw, Hash(RawFormat.Client, raw), name);
        reason = default;
        entry = Find(key);
        return entry is not null || TryAdd(key, Parse(name, raw), out entry, out reason);
    }

    private static ParsedSeries Parse(ReadOnlySpan<byte> metric, ReadOnlySpan<byte> raw)
    {
        var series = new ParsedSeries();
        series.Begin(metric);
        while (!raw.IsEmpty)
        {
            var name = ReadBlock(ref raw);
            series.AddTag(name, ReadBlock(ref raw));
        }

        return series;
    }

    private bool TryAddLocked(
        in RawSeriesKey key, ReadOnlySpan<byte> metric, ulong id, byte[] canonical,
        [NotNullWhen(true)] out SeriesEntry? entry, out RejectReason reason)
    {
        entry = null;
        reason = RejectReason.TooManyMetrics;
        if (!TryGetMetric(metric, out var metricEntry))
        {
            return false;
        }

        var known = _series.TryGetValue((metricEntry.Index, id), out entry);
        if (entry is not null && !entry.Key.AsSpan().SequenceEqual(canonical))
        {
            entry = null;
            reason = RejectReason.SeriesIdCollision;
            return false;
        }

        var entryBytes = canonical.Length + EntryOverhead;
        var table = TableWithRoom(key, known ? 0 : entryBytes);
        entry ??= new SeriesEntry(metricEntry, id, canonical);
        if (_series.TryAdd((metricEntry.Index, id), entry))
        {
            _entryBytes += entryBytes;
        }

        table.Add(key, entry);
        reason = default;
        return true;
    }

    /// <summary>The table, grown or begun afresh if need be.</summary>
    private SeriesTable TableWithRoom(in RawSeriesKey key, int entryBytes)
    {
        var table = _table;
        var full = table.Count >= _options.MaxSeries || table.BytesWithRoomFor(key) + _entryBytes + entryBytes > _options.MaxBytes;
        if (full && table.Count > 0)
        {
            _series.Clear();
            _entryBytes = 0;
            _restarts++;
            table = new SeriesTable(FirstSlots, FirstKeyBytes);
        }

        if (!table.HasRoomFor(key))
        {
            table = table.WithRoomFor(key);
        }

        Volatile.Write(ref _table, table);
        return table;
    }

    private bool TryGetMetric(ReadOnlySpan<byte> name, [NotNullWhen(true)] out MetricEntry? metric)
    {
        if (_metricsByName.TryGetValue(name, out metric))
        {
            return true;
        }

        if (_metrics.Count >= _options.MaxMetrics)
        {
            return false;
        }

        var bytes = name.ToArray();
        metric = new MetricEntry(bytes, PartitionKey.Of(bytes, _partitions), _metrics.Count);
        _metrics.Add(bytes, metric);
        return true;
    }

    private static bool TryWrite(string text, Span<byte> buffer, ref int written)
    {
        var status = Utf8.FromUtf16(text, buffer[written..], out _, out var bytes, replaceInvalidSequences: false);
        written += bytes;
        return status == OperationStatus.Done;
    }

    private static bool TryWriteBlock(string text, Span<byte> buffer, ref int written)
    {
        var at = written;
        written += sizeof(int);
        var valid = TryWrite(text, buffer, ref written);
        BitConverter.TryWriteBytes(buffer[at..], written - at - sizeof(int));
        return valid;
    }

    private static ReadOnlySpan<byte> ReadBlock(ref ReadOnlySpan<byte> raw)
    {
        var length = BitConverter.ToInt32(raw);
        var block = raw.Slice(sizeof(int), length);
        raw = raw[(sizeof(int) + length)..];
        return block;
    }
}
