using System.Collections.Concurrent;
using System.Text;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Grains.Placement;

/// <summary>The activations on this silo that belong to a partition and move with it. Any thread.</summary>
public sealed class PartitionResidents
{
    private readonly TimeProvider _time;

    // Each with the time when it came.
    private readonly ConcurrentDictionary<IGrainContext, long>[] _residents;
    private readonly ConcurrentDictionary<int, IGrainContext> _flushers = new();

    public PartitionResidents(PartitionOwnership ownership, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(ownership);
        _time = time;
        _residents = new ConcurrentDictionary<IGrainContext, long>[ownership.Partitions];
        for (var i = 0; i < _residents.Length; i++)
        {
            _residents[i] = new ConcurrentDictionary<IGrainContext, long>(ReferenceEqualityComparer.Instance);
        }
    }

    /// <summary>Number of partitions.</summary>
    public int Partitions => _residents.Length;

    /// <summary>Whether the partition's flusher, and with it the partition, is active here.</summary>
    public bool IsAwake(int partition) => _flushers.ContainsKey(partition);

    /// <summary>The activation of a partition's flusher, if it is here.</summary>
    public IGrainContext? FlusherOf(int partition) => _flushers.GetValueOrDefault(partition);

    /// <summary>The activations of a partition.</summary>
    public IEnumerable<IGrainContext> Of(int partition) => Of(partition, TimeSpan.Zero);

    /// <summary>The activations of a partition that have been here for a time at least.</summary>
    public IEnumerable<IGrainContext> Of(int partition, TimeSpan stay) =>
        _residents[partition].Where(resident => _time.GetElapsedTime(resident.Value) >= stay).Select(static resident => resident.Key);

    /// <summary>Notes an activation. Call it when the activation has succeeded.</summary>
    public void Add(int partition, IGrainContext resident) => _residents[partition].TryAdd(resident, _time.GetTimestamp());

    /// <summary>Notes the activation of a partition's flusher.</summary>
    public void AddFlusher(int partition, IGrainContext resident)
    {
        Add(partition, resident);
        _flushers[partition] = resident;
    }

    /// <summary>Forgets an activation. Idempotent.</summary>
    public void Remove(int partition, IGrainContext resident)
    {
        _residents[partition].TryRemove(resident, out _);
        _flushers.TryRemove(KeyValuePair.Create(partition, resident));
    }

    /// <summary>The partition that a metric, and its aggregator, belongs to.</summary>
    public int PartitionOf(string metric) => PartitionKey.Of(Encoding.UTF8.GetBytes(metric), Partitions);
}
