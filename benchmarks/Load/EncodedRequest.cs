using System.Globalization;
using System.Text;

namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// A whole HTTP request with Influx lines, encoded once and sent many times; only the timestamps are rewritten, in place.
/// One connection owns it.
/// </summary>
internal sealed class EncodedRequest
{
    /// <summary>Digits of nanoseconds since the epoch, from 2001 to 2286.</summary>
    public const int StampDigits = 19;

    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int SecondDigits = 10;

    /// <summary>The digits of 0 to 999, three bytes each.</summary>
    private static readonly byte[] Thousands = Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Range(0, 1_000).Select(static number => number.ToString("D3", CultureInfo.InvariantCulture))));

    private readonly byte[] _bytes;
    private readonly int[] _stamps;
    private readonly int _bodyStart;

    private EncodedRequest(byte[] bytes, int bodyStart, int[] stamps)
    {
        _bytes = bytes;
        _bodyStart = bodyStart;
        _stamps = stamps;
    }

    /// <summary>Headers and body, as they are sent.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The body alone.</summary>
    public ReadOnlySpan<byte> Body => _bytes.AsSpan(_bodyStart);

    /// <summary>Its lines: a point each.</summary>
    public int Lines => _stamps.Length;

    /// <summary>Encodes consecutive lines of a pattern.</summary>
    public static EncodedRequest Build(LinePattern pattern, long firstLine, int lines)
    {
        using var body = new MemoryStream(lines * 96);
        var stamps = new int[lines];
        Span<byte> line = stackalloc byte[256];
        for (var i = 0; i < lines; i++)
        {
            var length = pattern.Write(firstLine + i, line);
            stamps[i] = (int)body.Length + length;
            line.Slice(length, StampDigits).Fill((byte)'0');
            length += StampDigits;
            line[length++] = (byte)'\n';
            body.Write(line[..length]);
        }
        return Encode("/api/v2/write?precision=ns", body.ToArray(), stamps);
    }

    /// <summary>Encodes a request whose body has no timestamps to rewrite.</summary>
    public static EncodedRequest Post(string target, byte[] body) => Encode(target, body, []);

    /// <summary>
    /// Gives the first line a time and each further line one that is a step later. Allocates nothing.
    /// </summary>
    /// <param name="unixNanoseconds">Time of the first line: any from 2001 to 2286.</param>
    /// <param name="step">Nanoseconds between lines.</param>
    public void Stamp(long unixNanoseconds, long step)
    {
        Span<byte> seconds = stackalloc byte[SecondDigits];
        var bytes = _bytes.AsSpan();
        var written = long.MinValue;
        foreach (var at in _stamps)
        {
            var second = unixNanoseconds / NanosecondsPerSecond;
            if (second != written)
            {
                second.TryFormat(seconds, out _, "D10", CultureInfo.InvariantCulture);
                written = second;
            }
            var stamp = bytes.Slice(at, StampDigits);
            seconds.CopyTo(stamp);
            var fraction = (int)(unixNanoseconds - (second * NanosecondsPerSecond));
            Digits(fraction / 1_000_000).CopyTo(stamp[SecondDigits..]);
            Digits(fraction / 1_000 % 1_000).CopyTo(stamp[(SecondDigits + 3)..]);
            Digits(fraction % 1_000).CopyTo(stamp[(SecondDigits + 6)..]);
            unixNanoseconds += step;
        }
    }

    private static ReadOnlySpan<byte> Digits(int number) => Thousands.AsSpan(number * 3, 3);

    private static EncodedRequest Encode(string target, byte[] body, int[] stamps)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n\r\n"));
        return new EncodedRequest([.. head, .. body], head.Length, [.. stamps.Select(stamp => head.Length + stamp)]);
    }
}
