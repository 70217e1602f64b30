namespace OrleansMetrics.Grains.History;

/// <summary>Where the chunks of one metric are. A chunk is created once and never changes.</summary>
internal interface IChunkStore
{
    /// <summary>Creates a chunk; false when there is one of this number already, and nothing was written.</summary>
    Task<bool> TryCreateAsync(long id, byte[] chunk);

    /// <summary>Makes a chunk of columns out of one of rows, beside the turn of who asks.</summary>
    Task<byte[]> PackAsync(byte[] rows);

    /// <summary>A chunk; null when there is none.</summary>
    Task<byte[]?> ReadAsync(long id);

    /// <summary>Clears a chunk, if there is one.</summary>
    Task ClearAsync(long id);
}
