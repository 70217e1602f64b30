namespace OrleansMetrics.Streams.Batching;

/// <summary>One of several series that <see cref="SeriesCache.Find(RawFormat, ReadOnlySpan{byte}, Span{SeriesLookup})"/> finds together: where in a text it stands.</summary>
public struct SeriesLookup
{
    /// <summary>Where the piece begins that the points of a line have in common.</summary>
    public int SeriesAt { get; set; }

    /// <summary>Its length.</summary>
    public int SeriesLength { get; set; }

    /// <summary>Where the piece begins that tells them apart.</summary>
    public int FieldAt { get; set; }

    /// <summary>Its length.</summary>
    public int FieldLength { get; set; }

    /// <summary><see cref="SeriesCache.Hash(ulong, ReadOnlySpan{byte})"/> of both.</summary>
    public ulong Hash { get; set; }

    /// <summary>The series, or null when it is not known.</summary>
    public SeriesEntry? Entry { get; set; }

    internal int KeyAt { get; set; }

    /// <summary>The raw key.</summary>
    public readonly RawSeriesKey Key(RawFormat format, ReadOnlySpan<byte> text) =>
        new(format, text.Slice(SeriesAt, SeriesLength), text.Slice(FieldAt, FieldLength), Hash);
}
