using System.Buffers;
using System.IO.Hashing;
using System.Text;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Contracts.Series;

/// <summary>
/// The canonical key of a series within its metric: its tags sorted by the bytes of their names, each as
/// length-prefixed name and value (LEB128 lengths). The empty key is the series without tags.
/// </summary>
/// <remarks>Documented in docs/formats/batch.md. Two tag sets are equal if and only if their keys are.</remarks>
public static class SeriesKey
{
    /// <summary>The 64-bit identity of the series with this canonical key: XXH3.</summary>
    public static ulong Hash(ReadOnlySpan<byte> key) => XxHash3.HashToUInt64(key);

    /// <summary>The canonical key of tags in any order. Names must be unique.</summary>
    public static byte[] Encode(ReadOnlySpan<Tag> tags)
    {
        if (tags.IsEmpty)
        {
            return [];
        }

        var pairs = new (byte[] Name, byte[] Value)[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            pairs[i] = (Encoding.UTF8.GetBytes(tags[i].Name), Encoding.UTF8.GetBytes(tags[i].Value));
        }

        Array.Sort(pairs, static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        var writer = new ArrayBufferWriter<byte>(64);
        foreach (var (name, value) in pairs)
        {
            AppendTag(writer, name, value);
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Appends one tag. The caller appends tags in the order of the bytes of their names.</summary>
    public static void AppendTag(IBufferWriter<byte> writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        WriteBlock(writer, name);
        WriteBlock(writer, value);
    }

    /// <summary>The tags of a canonical key, sorted by name.</summary>
    /// <exception cref="FormatException">The bytes are no canonical key.</exception>
    public static Tag[] Decode(ReadOnlySpan<byte> key)
    {
        var tags = new List<Tag>();
        while (TryReadTag(ref key, out var name, out var value))
        {
            tags.Add(new Tag(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value)));
        }

        return [.. tags];
    }

    /// <summary>Reads the first tag of a canonical key, or of what is left of one; false at its end.</summary>
    /// <param name="key">The key; afterwards what follows the tag.</param>
    /// <param name="name">UTF-8 name.</param>
    /// <param name="value">UTF-8 value.</param>
    /// <exception cref="FormatException">The bytes are no canonical key.</exception>
    public static bool TryReadTag(ref ReadOnlySpan<byte> key, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (key.IsEmpty)
        {
            name = value = default;
            return false;
        }

        name = ReadBlock(ref key);
        value = ReadBlock(ref key);
        return true;
    }

    private static void WriteBlock(IBufferWriter<byte> writer, ReadOnlySpan<byte> block)
    {
        var span = writer.GetSpan(block.Length + 5);
        var length = (uint)block.Length;
        var written = 0;
        while (length >= 0x80)
        {
            span[written++] = (byte)(length | 0x80);
            length >>= 7;
        }

        span[written++] = (byte)length;
        block.CopyTo(span[written..]);
        writer.Advance(written + block.Length);
    }

    private static ReadOnlySpan<byte> ReadBlock(ref ReadOnlySpan<byte> key)
    {
        uint length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (key.IsEmpty || shift > 21)
            {
                throw new FormatException("A series key ends inside a length.");
            }

            var b = key[0];
            key = key[1..];
            length |= (uint)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                break;
            }
        }

        if (length > key.Length)
        {
            throw new FormatException("A series key ends inside a name or value.");
        }

        var block = key[..(int)length];
        key = key[(int)length..];
        return block;
    }
}
