using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>
/// The identity of a request that may be sent again: the first 128 bits of a SHA-256. Within the log's duplicate window the points of
/// two requests with the same key are counted once.
/// </summary>
public readonly record struct RequestKey(ulong High, ulong Low)
{
    /// <summary>Bytes of <see cref="WriteTo"/>.</summary>
    public const int Length = 16;

    /// <summary>The key of a request that its sender named.</summary>
    /// <param name="name">What the sender called it.</param>
    /// <param name="contentHash">A hash of the request's content, so that two senders that use the same name do not hide each other's points.</param>
    public static RequestKey Of(ReadOnlySpan<byte> name, UInt128 contentHash)
    {
        Span<byte> content = stackalloc byte[17];
        content[0] = (byte)'h';
        BinaryPrimitives.WriteUInt128LittleEndian(content[1..], contentHash);
        return Of(content, name);
    }

    /// <summary>The key of a producer's request with a sequence number.</summary>
    public static RequestKey Of(ReadOnlySpan<byte> producer, long sequence)
    {
        Span<byte> number = stackalloc byte[9];
        number[0] = (byte)'s';
        BinaryPrimitives.WriteInt64LittleEndian(number[1..], sequence);
        return Of(number, producer);
    }

    /// <summary>The key that <see cref="WriteTo"/> wrote.</summary>
    public static RequestKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, High);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Low);
    }

    private static RequestKey Of(ReadOnlySpan<byte> fixedPart, ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(fixedPart);
        sha.AppendData(name);
        sha.GetHashAndReset(hash);
        return Read(hash);
    }
}
