using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansMetrics.Faults.Injection;

/// <summary>A grain storage that fails as told. A write that fails after its effect leaves the grain with the ETag of before, as a lost answer does.</summary>
internal sealed class FaultyGrainStorage(IGrainStorage inner, FaultInjector injector) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    /// <inheritdoc />
    public void Participate(ISiloLifecycle observer) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(observer);

    /// <inheritdoc />
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc />
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        injector.BeforeRead();
        return inner.ReadStateAsync(stateName, grainId, grainState, cancellationToken);
    }

    /// <inheritdoc />
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc />
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ChangeAsync(stateName, grainState, () => inner.WriteStateAsync(stateName, grainId, grainState, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <inheritdoc />
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ChangeAsync(stateName, grainState, () => inner.ClearStateAsync(stateName, grainId, grainState, cancellationToken), cancellationToken);

    private async Task ChangeAsync<T>(string stateName, IGrainState<T> grainState, Func<Task> change, CancellationToken cancellationToken)
    {
        var (etag, exists) = (grainState.ETag, grainState.RecordExists);
        try
        {
            await injector.WriteAsync(stateName, change, cancellationToken);
        }
        catch (StoreFaultException)
        {
            (grainState.ETag, grainState.RecordExists) = (etag, exists);
            throw;
        }
    }
}
