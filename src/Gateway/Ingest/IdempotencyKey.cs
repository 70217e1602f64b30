using System.Text;
using Microsoft.Extensions.Primitives;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>
/// The header under which a sender may repeat a request (draft-ietf-httpapi-idempotency-key-header): 1 to <see cref="MaxLength"/> visible ASCII
/// characters, as a string of structured fields (RFC 9651, in quotes, \ before " and \) or bare, as most clients send it.
/// </summary>
internal static class IdempotencyKey
{
    /// <summary>The request's header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>The header of an answer to a request that had been counted before; its value is <c>true</c>.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    /// <summary>Longest key, without quotes.</summary>
    public const int MaxLength = 255;

    /// <summary>Reads the header. False: it is not valid. The key is null when there is none.</summary>
    public static bool TryRead(StringValues header, out byte[]? key)
    {
        key = null;
        if (header.Count == 0)
        {
            return true;
        }

        var text = header.Count == 1 ? header[0]!.AsSpan() : [];
        if (text.StartsWith('"'))
        {
            return TryUnquote(text, out key);
        }

        if (text.Length is 0 or > MaxLength || text.ContainsAnyExceptInRange('!', '~'))
        {
            return false;
        }

        key = Encoding.ASCII.GetBytes(text.ToArray());
        return true;
    }

    private static bool TryUnquote(ReadOnlySpan<char> text, out byte[]? key)
    {
        Span<byte> bytes = stackalloc byte[MaxLength];
        var length = 0;
        var at = 1;
        key = null;
        for (; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && (++at == text.Length || text[at] is not ('"' or '\\')))
            {
                return false;
            }

            if (text[at] is < '!' or > '~' || length == MaxLength)
            {
                return false;
            }

            bytes[length++] = (byte)text[at];
        }

        if (length == 0 || at != text.Length - 1)
        {
            return false;
        }

        key = bytes[..length].ToArray();
        return true;
    }
}
