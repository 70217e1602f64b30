using System.IO.Compression;
using System.IO.Pipelines;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Bodies with a Content-Encoding: gzip, and deflate, which is zlib's format (RFC 9110, section 8.4.1).</summary>
internal static class ContentDecoding
{
    private const string StrictValidation = "System.IO.Compression.UseStrictValidation";
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: 32 * 1024, minimumReadSize: 8 * 1024);
    private static readonly Lazy<bool> IsStrict = new(RefusesTruncatedInput);

    /// <summary>
    /// The runtime takes a truncated stream for a complete one unless this switch is on before its first use; the last line
    /// would then be cut and its value wrong.
    /// </summary>
    public static void RequireStrictValidation() => AppContext.SetSwitch(StrictValidation, true);

    /// <summary>The body, decoded. False: the encoding is not known, or this process cannot check that a stream is complete.</summary>
    public static bool TryDecode(HttpRequest request, out PipeReader body)
    {
        body = request.BodyReader;
        var encoding = request.Headers.ContentEncoding.ToString().Trim();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var isGzip = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
        if ((!isGzip && !encoding.Equals("deflate", StringComparison.OrdinalIgnoreCase)) || !IsStrict.Value)
        {
            return false;
        }

        var compressed = body.AsStream(leaveOpen: true);
        Stream decoded = isGzip ? new GZipStream(compressed, CompressionMode.Decompress) : new ZLibStream(compressed, CompressionMode.Decompress);
        body = PipeReader.Create(decoded, PipeOptions);
        return true;
    }

    private static bool RefusesTruncatedInput()
    {
        using var compressed = new MemoryStream();
        using (var writer = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true))
        {
            writer.Write("probe"u8);
        }

        compressed.SetLength(compressed.Length - 1);
        compressed.Position = 0;
        using var reader = new GZipStream(compressed, CompressionMode.Decompress);
        try
        {
            reader.CopyTo(Stream.Null);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
