using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>Reads records back, bounded in number of reads at a time and in bytes.</summary>
internal sealed class RedisLogReader(RedisStore store, int maxConcurrentReads) : IDisposable
{
    // XRANGE counts records, not bytes: so many at a time at most, however small they were lately.
    private const int MaxRecordsPerCommand = 64;
    private const int FirstGuess = 64 * 1024;

    private readonly SemaphoreSlim _slots = new(maxConcurrentReads);
    private readonly int[] _recordBytes = Enumerable.Repeat(FirstGuess, store.Partitions).ToArray();

    /// <summary>The records after a position: as many as fit, at least one if there is any.</summary>
    public async Task<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var records = new List<LogRecord>();
            long bytes = 0;
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = (int)Math.Clamp((maxBytes - bytes) / Volatile.Read(ref _recordBytes[partition]), 1, MaxRecordsPerCommand);
                var entries = await store.Database
                    .StreamRangeAsync(store.Keys(partition).Log, after + 1, count: count, flags: CommandFlags.DemandMaster).ConfigureAwait(false);
                if (!Take(entries, records, ref bytes, maxBytes) || entries.Length < count)
                {
                    Learn(partition, records);
                    return records;
                }

                after = records[^1].Position;
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();

    // False when no more fits.
    private static bool Take(StreamEntry[] entries, List<LogRecord> records, ref long bytes, int maxBytes)
    {
        foreach (var entry in entries)
        {
            var record = ToRecord(entry);
            bytes += record.Payload.Length;
            if (records.Count > 0 && bytes > maxBytes)
            {
                return false;
            }

            records.Add(record);
        }

        return bytes < maxBytes;
    }

    // The fields are those that addRecord of prelude.lua writes, in its order.
    private static LogRecord ToRecord(StreamEntry entry)
    {
        string id = entry.Id!;
        if (entry.Values is not [var ingestedAt, var points, _, var payload])
        {
            throw new InvalidDataException($"The stream entry {id} is no record of a point log.");
        }

        return new LogRecord(Invariant.Int64(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal))), (long)ingestedAt.Value, (long)points.Value, payload.Value);
    }

    private void Learn(int partition, List<LogRecord> records)
    {
        if (records.Count > 0)
        {
            Volatile.Write(ref _recordBytes[partition], Math.Max(1, (int)records.Average(static record => record.Payload.Length)));
        }
    }
}
