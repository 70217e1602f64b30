namespace OrleansMetrics.Grains.Aggregators;

/// <summary>A snapshot as grain storage holds it: bytes in the format of docs/formats/snapshot.md.</summary>
[GenerateSerializer, Alias("OrleansMetrics.SnapshotState")]
public sealed class SnapshotState
{
    /// <summary>The snapshot; empty before the first.</summary>
    [Id(0)] public byte[] Bytes { get; set; } = [];
}
