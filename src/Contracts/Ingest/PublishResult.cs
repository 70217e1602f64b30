namespace OrleansMetrics.Contracts.Ingest;

/// <summary>What became of the points of one call.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.PublishResult")]
public sealed record PublishResult
{
    /// <summary>Most points of one call.</summary>
    public const int MaxPoints = 100_000;

    /// <summary>Longest name of a producer, in bytes of UTF-8.</summary>
    public const int MaxProducerBytes = 255;

    /// <summary>Points durable in the log, whether by this call or, when it repeats one, before.</summary>
    [Id(0)] public required int Accepted { get; init; }

    /// <summary>The points that are not valid; the list ends after 100.</summary>
    [Id(1)] public required RejectedPoint[] Rejected { get; init; }

    /// <summary>How many points are not valid.</summary>
    [Id(2)] public required int RejectedCount { get; init; }

    /// <summary>True when the log or the node is full: valid points were not taken; try again after a pause.</summary>
    [Id(3)] public required bool Overloaded { get; init; }

    /// <summary>True when the call repeats one whose points were all durable: nothing was added.</summary>
    [Id(4)] public bool Repeated { get; init; }
}
