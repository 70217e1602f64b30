namespace OrleansMetrics.Grains.History;

/// <summary>A chunk as grain storage holds it: bytes in the format of docs/formats/chunk.md.</summary>
[GenerateSerializer, Alias("OrleansMetrics.ChunkState")]
public sealed class ChunkState
{
    /// <summary>The chunk.</summary>
    [Id(0)] public byte[] Bytes { get; set; } = [];
}
