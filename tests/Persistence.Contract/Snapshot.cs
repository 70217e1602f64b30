namespace OrleansMetrics.Persistence.Contract;

[GenerateSerializer, Alias("OrleansMetrics.Persistence.Contract.Snapshot")]
public sealed class Snapshot
{
    [Id(0)] public long Position { get; set; }

    [Id(1)] public string? Text { get; set; }

    [Id(2)] public byte[]? Bytes { get; set; }
}
