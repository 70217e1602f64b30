using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace OrleansMetrics.Streams.Batching;

/// <summary>
/// The hash of <see cref="SeriesCache"/>: wyhash's loop of 64×64→128-bit multiplications (https://github.com/wangyi-fudan/wyhash) under two
/// secret words, so that a sender cannot choose series that share a slot. For keys under 100 bytes it costs half of XXH3 (docs/benchmarks.md).
/// </summary>
/// <remarks>Good within one process only; the identity of a series is <see cref="Contracts.Series.SeriesKey.Hash"/>.</remarks>
internal sealed class RawKeyHash
{
    private readonly ulong _first = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private readonly ulong _second = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>The hash of bytes that follow others; the seed is the hash of those.</summary>
    public ulong Hash(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var state = seed ^ _second;
        var rest = bytes;
        while (rest.Length > 16)
        {
            state = Mix(Read64(rest) ^ _first, Read64(rest[8..]) ^ state);
            rest = rest[16..];
        }

        ulong low, high;
        if (rest.Length >= 8)
        {
            low = Read64(rest);
            high = Read64(rest[^8..]);
        }
        else if (rest.Length >= 4)
        {
            low = Read32(rest);
            high = Read32(rest[^4..]);
        }
        else if (rest.Length > 0)
        {
            low = ((uint)rest[0] << 16) | ((uint)rest[rest.Length >> 1] << 8) | rest[^1];
            high = 0;
        }
        else
        {
            low = high = 0;
        }

        return Mix(_first ^ (uint)bytes.Length, Mix(low ^ _first, high ^ state));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b) => Math.BigMul(a, b, out var low) ^ low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
