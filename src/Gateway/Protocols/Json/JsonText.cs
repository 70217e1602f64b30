using System.Text.Json;

namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>Strings of JSON as UTF-8.</summary>
internal static class JsonText
{
    /// <summary>The reader's string without its escapes. False: too long for the target, half a surrogate pair, or not UTF-8.</summary>
    public static bool TryUnescape(ref Utf8JsonReader reader, scoped Span<byte> target, out int length)
    {
        length = 0;
        if (reader.ValueSpan.Length > target.Length)
        {
            return false;
        }

        try
        {
            length = reader.CopyString(target);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say so; there is no Try for it.
            return false;
        }
    }
}
