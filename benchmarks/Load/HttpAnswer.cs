namespace OrleansMetrics.Benchmarks.Load;

/// <summary>An answer. The body is valid until the connection's next exchange.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Body">Without transfer coding.</param>
/// <param name="RetryAfter">Zero when the header is missing.</param>
internal readonly record struct HttpAnswer(int Status, ReadOnlyMemory<byte> Body, TimeSpan RetryAfter)
{
    /// <summary>2xx.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;
}
