namespace OrleansMetrics.Persistence.AzureStorage.Tests;

[GrainType("counter")]
public sealed class CounterGrain([PersistentState("count", "azure")] IPersistentState<CounterState> state) : Grain, ICounterGrain
{
    public async Task<int> Add(int count)
    {
        state.State.Count += count;
        await state.WriteStateAsync();
        return state.State.Count;
    }

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
