namespace OrleansMetrics.Grains.History;

/// <summary>Chunks to be made into one.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.HistoryJob")]
public sealed record HistoryJob
{
    /// <summary>The chunks, in the order in which they were made, those with late points after those without.</summary>
    [Id(0)] public required ChunkEntry[] Inputs { get; init; }

    /// <summary>Only windows that start at or after this.</summary>
    [Id(1)] public required long From { get; init; }

    /// <summary>Only windows that start before this.</summary>
    [Id(2)] public required long To { get; init; }

    /// <summary>Length of the windows to be made; 0: the chunks are merged as they are, and replaced.</summary>
    [Id(3)] public required int Step { get; init; }

    /// <summary>The number to store the result under.</summary>
    [Id(4)] public required long OutputId { get; init; }
}
