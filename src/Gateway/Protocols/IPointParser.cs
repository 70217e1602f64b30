namespace OrleansMetrics.Gateway.Protocols;

/// <summary>Reads the points of one request from a body that comes in pieces. Reused from request to request; used by one thread at a time.</summary>
public interface IPointParser
{
    /// <summary>Takes the next piece. It is not referred to afterwards.</summary>
    void Append(ReadOnlySpan<byte> piece);

    /// <summary>The body has ended.</summary>
    void Complete();
}
