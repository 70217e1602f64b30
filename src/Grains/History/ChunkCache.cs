using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>
/// Chunks that were read last, within a budget of bytes for the silo. Chunks never change, so they never go stale. A metric that comes back after it was
/// forgotten gives numbers again, but its chunks are of a later time.
/// </summary>
public sealed class ChunkCache(IOptions<HistoryOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Metric, long Id, long From), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _latestFirst = new();
    private long _bytes;

    /// <summary>Bytes in the cache, estimated.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    internal Chunk? Find(string metric, ChunkEntry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((metric, entry.Id, entry.From), out var node))
            {
                return null;
            }

            _latestFirst.Remove(node);
            _latestFirst.AddFirst(node);
            return node.Value.Chunk;
        }
    }

    internal void Add(string metric, ChunkEntry entry, Chunk chunk)
    {
        lock (_lock)
        {
            var key = (metric, entry.Id, entry.From);
            if (_entries.ContainsKey(key))
            {
                return;
            }

            _entries.Add(key, _latestFirst.AddFirst(new Entry(key, chunk, chunk.Bytes)));
            _bytes += chunk.Bytes;
            while (_bytes > options.Value.CacheBytes && _latestFirst.Last is { } oldest)
            {
                _latestFirst.RemoveLast();
                _entries.Remove(oldest.Value.Key);
                _bytes -= oldest.Value.Bytes;
            }
        }
    }

    private sealed record Entry((string Metric, long Id, long From) Key, Chunk Chunk, long Bytes);
}
