using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>The frame of a chunk: docs/formats/chunk.md.</summary>
internal static class ChunkFormat
{
    public const int HeaderLength = 5;
    public const int TrailerLength = 4;

    /// <summary>Windows as the aggregator packs them, series by series: cheap to write.</summary>
    public const byte Rows = 0;

    /// <summary>A column for each member of the windows of a series: small.</summary>
    public const byte Columns = 1;

    /// <summary>As <see cref="Rows"/> and <see cref="Columns"/>, of sets.</summary>
    public const byte SetRows = 2;
    public const byte SetColumns = 3;

    /// <summary>Windows of one series in one place of a chunk of columns.</summary>
    public const int MaxWindows = 1 << 16;

    /// <summary>Far above any key that a gateway lets in.</summary>
    public const int MaxKeyBytes = 1 << 24;

    private const uint Magic = 'O' | ('M' << 8) | ('H' << 16);
    private const uint Version = 2;

    public static void Begin(IBufferWriter<byte> output, byte form)
    {
        var header = output.GetSpan(HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic | (Version << 24));
        header[4] = form;
        output.Advance(HeaderLength);
    }

    /// <summary>The chunk with its checksum.</summary>
    public static byte[] Seal(ArrayBufferWriter<byte> output)
    {
        var chunk = new byte[output.WrittenCount + TrailerLength];
        output.WrittenSpan.CopyTo(chunk);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk.AsSpan(output.WrittenCount), Crc32.HashToUInt32(output.WrittenSpan));
        return chunk;
    }

    /// <summary>Checks the frame and returns version and form.</summary>
    /// <exception cref="InvalidDataException">The bytes are no chunk, or damaged.</exception>
    public static (int Version, byte Form) Check(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < HeaderLength + TrailerLength)
        {
            throw new InvalidDataException($"A chunk of {chunk.Length} bytes is shorter than its frame.");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(chunk);
        if ((magic & 0xFFFFFF) != Magic)
        {
            throw new InvalidDataException("The bytes are no chunk: wrong magic.");
        }

        if (magic >> 24 is 0 or > Version || chunk[4] > SetColumns)
        {
            throw new InvalidDataException($"The chunk has version {magic >> 24} and form {chunk[4]}; this build reads versions 1 and {Version} with forms 0 to 3.");
        }

        var crc = BinaryPrimitives.ReadUInt32LittleEndian(chunk[^TrailerLength..]);
        var actual = Crc32.HashToUInt32(chunk[..^TrailerLength]);
        return crc == actual ? ((int)(magic >> 24), chunk[4]) : throw new InvalidDataException($"The chunk is damaged: CRC {actual:x8} is not the {crc:x8} at its end.");
    }

    /// <summary>The bound on keys that share their beginnings: nobody can make a reader allocate much more than the bytes that are there.</summary>
    public static long MaxKeysIn(long bytes) => (1 << 20) + 32 * bytes;
}
