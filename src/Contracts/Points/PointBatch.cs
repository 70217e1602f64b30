using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Text;
using OrleansMetrics.Contracts.Series;

namespace OrleansMetrics.Contracts.Points;

/// <summary>A batch that has been checked from its first byte to its last: sizes, version and CRC. Reads in place; copies nothing.</summary>
public sealed class PointBatch
{
    private readonly ReadOnlyMemory<byte>[] _slices;

    private PointBatch(string gatewayId, long createdAt, int points, ReadOnlyMemory<byte>[] slices)
    {
        GatewayId = gatewayId;
        CreatedAt = createdAt;
        Points = points;
        _slices = slices;
    }

    /// <summary>The gateway that processed the points.</summary>
    public string GatewayId { get; }

    /// <summary>That gateway's time when it built the batch, Unix milliseconds.</summary>
    public long CreatedAt { get; }

    /// <summary>Points in all slices. Zero: a heartbeat.</summary>
    public int Points { get; }

    /// <summary>One slice per metric, no metric twice, for <see cref="SliceReader"/>.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Slices => _slices;

    /// <summary>The slice of one metric.</summary>
    public bool TryGetSlice(string metric, out ReadOnlyMemory<byte> slice)
    {
        var name = Encoding.UTF8.GetBytes(metric);
        foreach (var candidate in _slices)
        {
            if (new SliceReader(candidate.Span).Metric.SequenceEqual(name))
            {
                slice = candidate;
                return true;
            }
        }

        slice = default;
        return false;
    }

    /// <summary>Checks and opens a batch.</summary>
    /// <param name="bytes">The bytes as the log holds them; the batch keeps referring to them.</param>
    /// <param name="batch">The batch, when the answer is true.</param>
    /// <param name="error">What is wrong with the bytes, when the answer is false.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out PointBatch? batch, [NotNullWhen(false)] out string? error)
    {
        batch = null;
        var span = bytes.Span;
        error = CheckHeader(span);
        if (error is not null)
        {
            return false;
        }

        var gatewayLength = BinaryPrimitives.ReadUInt16LittleEndian(span[22..]);
        var at = PointBatchFormat.HeaderLength + PointBatchFormat.Align(gatewayLength);
        var sliceCount = BinaryPrimitives.ReadInt32LittleEndian(span[16..]);
        if (at > span.Length || (uint)sliceCount > (span.Length - at) / PointBatchFormat.SliceHeaderLength)
        {
            error = $"{sliceCount} slices do not fit {span.Length} bytes";
            return false;
        }

        var slices = new ReadOnlyMemory<byte>[sliceCount];
        var metrics = new HashSet<ulong>(sliceCount);
        long points = 0;
        for (var i = 0; i < sliceCount; i++)
        {
            error = CheckSlice(span[at..], out var length, out var slicePoints);
            if (error is not null)
            {
                error = $"slice {i} at byte {at}: {error}";
                return false;
            }

            // An aggregator takes one slice per position; a second one would be skipped as a repeat.
            if (!metrics.Add(XxHash3.HashToUInt64(new SliceReader(span.Slice(at, length)).Metric)))
            {
                error = $"slice {i} at byte {at}: its metric has a slice already";
                return false;
            }

            slices[i] = bytes.Slice(at, length);
            points += slicePoints;
            at += length;
        }

        var declared = BinaryPrimitives.ReadInt32LittleEndian(span[12..]);
        if (at != span.Length || points != declared)
        {
            error = $"the slices hold {points} points in {at} bytes, the header says {declared} in {span.Length}";
            return false;
        }

        var gatewayId = Encoding.UTF8.GetString(span.Slice(PointBatchFormat.HeaderLength, gatewayLength));
        batch = new PointBatch(gatewayId, BinaryPrimitives.ReadInt64LittleEndian(span[24..]), declared, slices);
        return true;
    }

    private static string? CheckHeader(ReadOnlySpan<byte> span)
    {
        if (span.Length < PointBatchFormat.HeaderLength)
        {
            return $"{span.Length} bytes are shorter than a header";
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(span);
        if ((magic & 0xFFFFFF) != PointBatchFormat.Magic)
        {
            return "not a batch: wrong magic";
        }

        if (magic >> 24 != PointBatchFormat.Version)
        {
            return $"unknown version {magic >> 24}; this build reads version {PointBatchFormat.Version}";
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(span[8..]);
        if (length != span.Length)
        {
            return $"the header says {length} bytes, there are {span.Length}";
        }

        var crc = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
        var actual = Crc32.HashToUInt32(span[8..]);
        return crc == actual ? null : $"CRC {actual:x8} is not the {crc:x8} of the header";
    }

    private static string? CheckSlice(ReadOnlySpan<byte> rest, out int length, out int points)
    {
        length = 0;
        points = 0;
        if (rest.Length < PointBatchFormat.SliceHeaderLength)
        {
            return "ends inside the slice header";
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        points = BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
        int metricLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]);
        var definitions = BinaryPrimitives.ReadInt32LittleEndian(rest[12..]);
        var definitionsLength = BinaryPrimitives.ReadInt32LittleEndian(rest[16..]);
        if (length < 0 || length > rest.Length || points < 0 || definitions < 0 || definitionsLength < 0 || metricLength == 0)
        {
            return "a size is out of range";
        }

        var wide = (rest[7] & PointBatchFormat.WideTimes) != 0;
        var definitionsAt = PointBatchFormat.SliceHeaderLength + PointBatchFormat.Align(metricLength);
        var idsAt = definitionsAt + PointBatchFormat.Align((long)definitionsLength);
        if (length != idsAt + points * 16L + PointBatchFormat.Align(points * (wide ? 8L : 4L)))
        {
            return $"its length {length} does not match its columns";
        }

        var left = rest.Slice(definitionsAt, definitionsLength);
        for (var i = 0; i < definitions; i++)
        {
            var keyLength = left.Length < PointBatchFormat.DefinitionHeaderLength ? -1 : BinaryPrimitives.ReadInt32LittleEndian(left[8..]);
            if (keyLength < 0 || keyLength > left.Length - PointBatchFormat.DefinitionHeaderLength)
            {
                return $"definition {i} does not fit";
            }

            if (!SeriesKey.IsCanonical(left.Slice(PointBatchFormat.DefinitionHeaderLength, keyLength)))
            {
                return $"definition {i} has no canonical key";
            }

            left = left[(PointBatchFormat.DefinitionHeaderLength + keyLength)..];
        }

        return left.IsEmpty ? null : "bytes are left after the definitions";
    }
}
