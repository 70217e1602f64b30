using System.Globalization;
using System.Text;

namespace OrleansMetrics.Cli.Load;

/// <summary>The body of a request, built once and sent many times. One connection owns it, so that its timestamps can be rewritten in place.</summary>
internal sealed class LoadBody
{
    /// <summary>Digits of nanoseconds since the epoch, from 2001 to 2286.</summary>
    public const int StampDigits = 19;

    private readonly int[] _stampOffsets;

    private LoadBody(byte[] bytes, long firstLine, int lines, int[] stampOffsets)
    {
        Bytes = bytes;
        FirstLine = firstLine;
        Lines = lines;
        _stampOffsets = stampOffsets;
    }

    /// <summary>What is sent.</summary>
    public byte[] Bytes { get; }

    /// <summary>Its first line's number in the pattern.</summary>
    public long FirstLine { get; }

    /// <summary>Its lines: one point each.</summary>
    public int Lines { get; }

    /// <summary>How often the node acknowledged it. Written by the owning connection only.</summary>
    public long Acknowledged { get; set; }

    /// <summary>How often nobody knows whether the node counted it. Written by the owning connection only.</summary>
    public long Uncertain { get; set; }

    /// <summary>Builds a body of consecutive lines of the pattern.</summary>
    public static LoadBody Build(LoadPattern pattern, long firstLine, int lines, TimestampMode timestamps, bool gzip)
    {
        var stamped = timestamps == TimestampMode.Now;
        using var bytes = new MemoryStream(lines * 96);
        var offsets = stamped ? new int[lines] : [];
        Span<byte> line = stackalloc byte[1024];
        for (var i = 0; i < lines; i++)
        {
            var length = pattern.Write(firstLine + i, line);
            if (stamped)
            {
                line[length++] = (byte)' ';
                offsets[i] = (int)bytes.Length + length;
                line.Slice(length, StampDigits).Fill((byte)'0');
                length += StampDigits;
            }
            line[length++] = (byte)'\n';
            bytes.Write(line[..length]);
        }
        return new LoadBody(gzip ? Compress(bytes.ToArray()) : bytes.ToArray(), firstLine, lines, offsets);
    }

    /// <summary>Writes the time into every line; without timestamps it does nothing. Allocates nothing.</summary>
    public void Stamp(DateTimeOffset now)
    {
        if (_stampOffsets.Length == 0)
        {
            return;
        }
        Span<byte> digits = stackalloc byte[StampDigits];
        var nanoseconds = (now - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        nanoseconds.TryFormat(digits, out _, "D19", CultureInfo.InvariantCulture);
        var bytes = Bytes.AsSpan();
        foreach (var offset in _stampOffsets)
        {
            digits.CopyTo(bytes.Slice(offset, StampDigits));
        }
    }

    private static byte[] Compress(byte[] plain)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(compressed, System.IO.Compression.CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }
        return compressed.ToArray();
    }

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
