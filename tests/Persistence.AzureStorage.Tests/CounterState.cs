namespace OrleansMetrics.Persistence.AzureStorage.Tests;

[GenerateSerializer, Alias("OrleansMetrics.Persistence.AzureStorage.Tests.CounterState")]
public sealed class CounterState
{
    [Id(0)] public int Count { get; set; }
}
