namespace OrleansMetrics.Contracts.Points;

/// <summary>Sizes and offsets of a batch, as docs/formats/batch.md describes them. Little-endian throughout.</summary>
internal static class PointBatchFormat
{
    public const uint Magic = 'O' | ('M' << 8) | ('B' << 16);
    public const byte Version = 1;
    public const int HeaderLength = 32;
    public const int SliceHeaderLength = 32;
    public const int DefinitionHeaderLength = 12;
    public const byte WideTimes = 1;

    /// <summary>A kind that a slice names is its number plus one: slices of before there were others than gauges have 0, and name none.</summary>
    public static byte Encode(MetricKind? kind) => kind is { } named ? (byte)(named + 1) : (byte)0;

    public static MetricKind? DecodeKind(byte kind) => kind == 0 ? null : (MetricKind)(kind - 1);

    public static int Align(int length) => (length + 7) & ~7;

    public static long Align(long length) => (length + 7) & ~7L;
}
