namespace OrleansMetrics.Grains.History.Backup;

/// <summary>Chunks that one snapshot names, all together: windows from elsewhere, and what they add to longer windows that have been rolled up.</summary>
/// <param name="Windows">How many windows from elsewhere.</param>
/// <param name="Chunks">The step that each belongs to (0: windows as they came), its bytes, and its entry without a number.</param>
internal sealed record ImportPart(int Windows, IReadOnlyList<(int Step, byte[] Bytes, ChunkEntry Entry)> Chunks);
