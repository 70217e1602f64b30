namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// A series as a sender wrote it: two pieces of raw bytes, escapes and order as they came, with their hash. Made by
/// <see cref="SeriesCache.Key"/>; good for the cache that made it.
/// </summary>
public readonly ref struct RawSeriesKey
{
    internal RawSeriesKey(RawFormat format, ReadOnlySpan<byte> series, ReadOnlySpan<byte> field, ulong hash)
    {
        Format = format;
        Series = series;
        Field = field;
        Hash = hash;
    }

    /// <summary>The format of the bytes.</summary>
    public RawFormat Format { get; }

    /// <summary>The piece that the points of a line have in common.</summary>
    public ReadOnlySpan<byte> Series { get; }

    /// <summary>The piece that tells them apart.</summary>
    public ReadOnlySpan<byte> Field { get; }

    internal ulong Hash { get; }

    /// <summary>Format and lengths in one word; keys of different lengths or formats differ in it.</summary>
    internal ulong Shape => ShapeOf(Format, Series.Length, Field.Length);

    internal static ulong ShapeOf(RawFormat format, int series, int field) => ((ulong)format << 56) | ((ulong)(uint)field << 28) | (uint)series;
}
