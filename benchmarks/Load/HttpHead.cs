using System.Buffers.Text;
using System.Text;

namespace OrleansMetrics.Benchmarks.Load;

/// <summary>Status line and headers of an answer, as far as a sender of benchmarks needs them (RFC 9112).</summary>
internal readonly record struct HttpHead(int Status, int ContentLength, bool IsChunked, bool IsLast, TimeSpan RetryAfter)
{
    /// <summary>Reads a head without its empty line.</summary>
    /// <exception cref="InvalidDataException">It is no answer in HTTP/1.1.</exception>
    public static HttpHead Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..12], out int status, out _))
        {
            throw new InvalidDataException($"No HTTP/1.1 answer: {Encoding.ASCII.GetString(head[..Math.Min(head.Length, 80)])}");
        }
        var answer = new HttpHead(status, 0, false, false, TimeSpan.Zero);
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            if (Value(line, "content-length:"u8, out var value) && Utf8Parser.TryParse(value, out int length, out _))
            {
                answer = answer with { ContentLength = length };
            }
            else if (Value(line, "transfer-encoding:"u8, out value))
            {
                answer = answer with { IsChunked = Ascii.EqualsIgnoreCase(value, "chunked"u8) };
            }
            else if (Value(line, "connection:"u8, out value))
            {
                answer = answer with { IsLast = Ascii.EqualsIgnoreCase(value, "close"u8) };
            }
            else if (Value(line, "retry-after:"u8, out value) && Utf8Parser.TryParse(value, out int seconds, out _))
            {
                answer = answer with { RetryAfter = TimeSpan.FromSeconds(seconds) };
            }
        }
        return answer;
    }

    private static bool Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (line.Length < name.Length || !Ascii.EqualsIgnoreCase(line[..name.Length], name))
        {
            value = default;
            return false;
        }
        value = line[name.Length..].Trim((byte)' ');
        return true;
    }
}
