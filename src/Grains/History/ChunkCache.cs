using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.History.Chunks;

namespace OrleansMetrics.Grains.History;

/// <summary>Chunks that were read last, within a budget of bytes for the silo. Chunks never change, so they never go stale.</summary>
public sealed class ChunkCache(IOptions<HistoryOptions> options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Metric, long Id), LinkedListNode<Entry>> _entries = [];
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

    internal Chunk? Find(string metric, long id)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((metric, id), out var node))
            {
                return null;
            }

            _latestFirst.Remove(node);
            _latestFirst.AddFirst(node);
            return node.Value.Chunk;
        }
    }

    internal void Add(string metric, long id, Chunk chunk)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey((metric, id)))
            {
                return;
            }

            var entry = new Entry(metric, id, chunk, chunk.Bytes);
            _entries.Add((metric, id), _latestFirst.AddFirst(entry));
            _bytes += entry.Bytes;
            while (_bytes > options.Value.CacheBytes && _latestFirst.Last is { } oldest)
            {
                _latestFirst.RemoveLast();
                _entries.Remove((oldest.Value.Metric, oldest.Value.Id));
                _bytes -= oldest.Value.Bytes;
            }
        }
    }

    private sealed record Entry(string Metric, long Id, Chunk Chunk, long Bytes);
}
