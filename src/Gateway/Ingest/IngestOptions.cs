namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Bounds of what senders may post: section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Ingest";

    /// <summary>Longest body of a request, in bytes after decompression. A longer one is answered 413. Default 64 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// Longest line of line protocol, or element of JSON, in bytes without the line feed. Default 256 KiB: a series with as many and as long
    /// tags as points may have takes 171 KiB.
    /// </summary>
    public int MaxLineBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// Most bytes of all requests that are being read or appended at a time; beyond, requests are answered 503. A request counts with
    /// the bytes of its body read so far, or of its points if they take more. Default 256 MiB; at least <see cref="MaxBodyBytes"/>.
    /// </summary>
    public long MaxInFlightBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How long a sender may take to send a body; then the answer is 408. Default 2 minutes.</summary>
    public TimeSpan MaxReadTime { get; set; } = TimeSpan.FromMinutes(2);
}
