using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// Metric and tags of a series as a protocol's parser has read them, escapes resolved, in the sender's order, not yet checked.
/// A buffer that is reused; used by one thread at a time.
/// </summary>
public sealed class ParsedSeries
{
    private readonly (int NameAt, int ValueAt, int End)[] _tags = new (int, int, int)[PointLimits.MaxTags];
    private byte[] _text = new byte[512];
    private int _length;
    private int _metricLength;

    /// <summary>UTF-8 name of the metric.</summary>
    public ReadOnlySpan<byte> Metric => _text.AsSpan(0, _metricLength);

    /// <summary>How many tags were added; those beyond <see cref="PointLimits.MaxTags"/> are counted and not kept.</summary>
    public int TagCount { get; private set; }

    /// <summary>Begins a series.</summary>
    public void Begin(ReadOnlySpan<byte> metric)
    {
        _length = 0;
        TagCount = 0;
        Append(metric);
        _metricLength = _length;
    }

    /// <summary>Begins a series whose metric is two names joined by an underscore.</summary>
    public void Begin(ReadOnlySpan<byte> metric, ReadOnlySpan<byte> field)
    {
        Begin(metric);
        Append("_"u8);
        Append(field);
        _metricLength = _length;
    }

    /// <summary>Adds a tag.</summary>
    public void AddTag(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (TagCount < _tags.Length)
        {
            var nameAt = _length;
            Append(name);
            var valueAt = _length;
            Append(value);
            _tags[TagCount] = (nameAt, valueAt, _length);
        }

        TagCount++;
    }

    internal ReadOnlySpan<byte> TagName(int tag) => _text.AsSpan(_tags[tag].NameAt, _tags[tag].ValueAt - _tags[tag].NameAt);

    internal ReadOnlySpan<byte> TagValue(int tag) => _text.AsSpan(_tags[tag].ValueAt, _tags[tag].End - _tags[tag].ValueAt);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _text.Length)
        {
            Array.Resize(ref _text, Math.Max(_length + bytes.Length, _text.Length * 2));
        }

        bytes.CopyTo(_text.AsSpan(_length));
        _length += bytes.Length;
    }
}
