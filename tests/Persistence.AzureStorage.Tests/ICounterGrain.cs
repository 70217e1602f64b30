namespace OrleansMetrics.Persistence.AzureStorage.Tests;

[Alias("OrleansMetrics.Persistence.AzureStorage.Tests.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds to the count, writes it, and answers it.</summary>
    [Alias("Add")]
    Task<int> Add(int count);

    /// <summary>Deactivates the grain; the next call reads its state.</summary>
    [Alias("Leave")]
    Task Leave();
}
