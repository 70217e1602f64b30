namespace OrleansMetrics.Grains.History;

/// <summary>A chunk that history has.</summary>
/// <param name="Id">Its number, under which it is stored.</param>
/// <param name="From">Start of its earliest window, Unix milliseconds.</param>
/// <param name="To">End of its latest window.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Windows">How many windows.</param>
/// <param name="Merged">Need not be merged with others any more.</param>
/// <param name="Corrects">It has late points: windows of the same places are in chunks without, and what is here came after them.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.ChunkEntry")]
public readonly record struct ChunkEntry(
    [property: Id(0)] long Id, [property: Id(1)] long From, [property: Id(2)] long To, [property: Id(3)] int Bytes, [property: Id(4)] int Windows, [property: Id(5)] bool Merged,
    [property: Id(6)] bool Corrects = false);
