using Orleans.Runtime;
using Orleans.Storage;
using OrleansMetrics.Grains.History;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>Grain storage with ETags, in memory.</summary>
internal sealed class SimulatedStorage
{
    private readonly Dictionary<string, (int Etag, object State)> _states = [];
    private int _lastEtag;

    public bool Down { get; set; }

    public T? Find<T>(string key)
        where T : class => _states.TryGetValue(key, out var entry) ? (T)entry.State : null;

    public (string? Etag, object? State) Read(string key)
    {
        Check();
        return _states.TryGetValue(key, out var entry) ? (entry.Etag.ToString(), entry.State) : (null, null);
    }

    /// <summary>Compares and writes in one step.</summary>
    public string Write(string key, string? etag, object state)
    {
        Check();
        var current = _states.TryGetValue(key, out var entry) ? entry.Etag.ToString() : null;
        if (current != etag)
        {
            throw new InconsistentStateException($"{key}: the ETag is {current}, not {etag}", current, etag);
        }

        _states[key] = (++_lastEtag, state);
        return _lastEtag.ToString();
    }

    /// <summary>Removes in one step what has the ETag.</summary>
    public void Clear(string key, string? etag)
    {
        Check();
        var current = _states.TryGetValue(key, out var entry) ? entry.Etag.ToString() : null;
        if (current != etag)
        {
            throw new InconsistentStateException($"{key}: the ETag is {current}, not {etag}", current, etag);
        }

        _states.Remove(key);
    }

    public IEnumerable<string> KeysOf(string prefix) => _states.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal));

    private void Check()
    {
        if (Down)
        {
            throw new SimulatedFaultException("the storage is down");
        }
    }
}

/// <summary>The state of one activation; its reads and writes are steps of the simulation.</summary>
internal sealed class SimulatedState<T>(Simulation simulation, SimulatedActivation owner, string key, Func<T, T> copy) : IPersistentState<T>
    where T : class, new()
{
    public T State { get; set; } = new();

    public string? Etag { get; private set; }

    public bool RecordExists => Etag is not null;

    /// <summary>True while a write is under way.</summary>
    public bool Writing { get; private set; }

    public async Task ReadStateAsync()
    {
        var (etag, state) = await simulation.Call(owner, $"read {key}", () => Task.FromResult(simulation.Storage.Read(key)));
        (Etag, State) = (etag, state is null ? new T() : copy((T)state));
    }

    public async Task WriteStateAsync()
    {
        // Serialized now, compared and written when the store gets to it.
        var state = copy(State);
        var expected = Etag;
        Writing = true;
        try
        {
            Etag = await simulation.Call(owner, $"write {key}", () =>
            {
                try
                {
                    var etag = simulation.Storage.Write(key, expected, state);
                    simulation.Model.Written(key, state);
                    return Task.FromResult(etag);
                }
                catch (InconsistentStateException)
                {
                    simulation.Seen("stale write fenced");
                    throw;
                }
            });
        }
        finally
        {
            Writing = false;
        }
    }

    public async Task ClearStateAsync()
    {
        var expected = Etag;
        await simulation.Call(owner, $"clear {key}", () =>
        {
            try
            {
                simulation.Storage.Clear(key, expected);
            }
            catch (InconsistentStateException)
            {
                simulation.Seen("stale clear fenced");
                throw;
            }

            simulation.Model.Cleared(key);
            return Task.FromResult(true);
        });
        (Etag, State) = (null, new T());
    }
}

/// <summary>The chunks of a metric, as somebody sees them; each call is a step of the simulation.</summary>
internal sealed class SimulatedChunks(Simulation simulation, SimulatedActivation owner, string metric) : IChunkStore
{
    public static string PrefixOf(string metric) => $"{metric}/chunk-";

    public Task<bool> TryCreateAsync(long id, byte[] chunk) => simulation.Call(owner, $"create {metric}/chunk-{id}", () =>
    {
        try
        {
            simulation.Storage.Write(PrefixOf(metric) + id, null, chunk);
            simulation.Seen("chunk created");
            simulation.Model.ChunkCreated(PrefixOf(metric) + id);
            return Task.FromResult(true);
        }
        catch (InconsistentStateException)
        {
            simulation.Seen("chunk was there already");
            return Task.FromResult(false);
        }
    });

    public Task<byte[]> PackAsync(byte[] rows) => simulation.Call(owner, $"pack {metric}", () => Task.FromResult(HistoryMerge.ToColumns(rows)));

    public Task<byte[]?> ReadAsync(long id) => simulation.Call(owner, $"read {metric}/chunk-{id}", () => Task.FromResult((byte[]?)simulation.Storage.Read(PrefixOf(metric) + id).State));

    public Task ClearAsync(long id) => simulation.Call(owner, $"clear {metric}/chunk-{id}", () =>
    {
        simulation.Storage.Clear(PrefixOf(metric) + id, simulation.Storage.Read(PrefixOf(metric) + id).Etag);
        simulation.Seen("chunk cleared");
        simulation.Model.ChunkCleared(PrefixOf(metric) + id);
        return Task.FromResult(true);
    });
}
