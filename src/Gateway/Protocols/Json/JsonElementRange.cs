namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>Where a piece of JSON lies in the buffer.</summary>
internal readonly record struct JsonElementRange(int At, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> buffer) => buffer.Slice(At, Length);
}
