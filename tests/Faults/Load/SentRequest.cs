namespace OrleansMetrics.Faults.Load;

/// <summary>A request, and what its client knows of it. Written by the client's tries, read when all have ended.</summary>
internal sealed class SentRequest(int id, RequestManner manner, bool isJson, IReadOnlyList<GeneratedPoint> points)
{
    private int _acknowledged;
    private int _uncertain;

    public int Id { get; } = id;

    public RequestManner Manner { get; } = manner;

    /// <summary>JSON or line protocol.</summary>
    public bool IsJson { get; } = isJson;

    public IReadOnlyList<GeneratedPoint> Points { get; } = points;

    /// <summary>What it is sent as each time; null: it is never repeated.</summary>
    public string? Key { get; init; }

    /// <summary>Every point must be counted, once.</summary>
    public bool IsAcknowledged => _acknowledged > 0;

    /// <summary>All points or none; if false and not acknowledged: none.</summary>
    public bool MayBeCounted => _uncertain > 0;

    /// <summary>Takes note of a try. The first acknowledgement returns true.</summary>
    public bool Tried(SendResult result)
    {
        if (result == SendResult.Unknown)
        {
            Interlocked.Increment(ref _uncertain);
        }

        return result == SendResult.Acknowledged && Interlocked.Increment(ref _acknowledged) == 1;
    }

    public override string ToString() =>
        $"request {Id} ({Manner}{(Key is null ? "" : ", keyed")}, {(IsJson ? "JSON" : "lines")}, "
        + $"{(IsAcknowledged ? "acknowledged" : MayBeCounted ? "unanswered" : "refused")}, {Points.Count} points)";
}
