using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Tests.Batching;

/// <summary>
/// A log that keeps its promise and nothing more: it knows keys, is full and fails at random for a while, may write and then say that it failed,
/// and takes a call as a whole or partition by partition.
/// </summary>
internal sealed class ModelLog(int partitions, bool wholeCalls, int seed, int faults) : IPointLog
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly HashSet<RequestKey>[] _keys = [.. Enumerable.Range(0, partitions).Select(static _ => new HashSet<RequestKey>())];
    private int _faults = faults;

    public int Partitions => partitions;

    /// <summary>The value of every point in the log.</summary>
    public List<double> Values { get; } = [];

    public ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var groups = appends.GroupBy(static append => append.Partition).Select(static group => group.ToArray()).ToArray();
            if (wholeCalls)
            {
                Append(groups);
            }
            else
            {
                foreach (var group in groups)
                {
                    Append([group]);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>One unit: all of it is written, or none.</summary>
    private void Append(LogAppend[][] groups)
    {
        foreach (var group in groups)
        {
            Assert.All(group.Skip(1), static append => Assert.Empty(append.Keys));
            Assert.Equal(group[0].Keys.Count, group[0].Keys.Distinct().Count());
        }

        var repeated = groups.ToDictionary(static group => group, group => group[0].Keys.Where(_keys[group[0].Partition].Contains).ToArray());
        var full = groups.Where(_ => Fault()).ToHashSet();
        if (full.Count == 0 && repeated.Values.All(static keys => keys.Length == 0))
        {
            var fails = Fault();
            if (!fails || _random.Next(2) == 0)
            {
                Write(groups);
            }

            Answer(groups.SelectMany(static group => group), fails ? AppendStatus.Failed : AppendStatus.Appended);
            return;
        }

        foreach (var group in groups)
        {
            var keys = repeated[group];
            Answer(group, full.Contains(group) ? AppendStatus.Full : AppendStatus.Withdrawn);
            if (keys.Length > 0)
            {
                group[0].Status = AppendStatus.Repeated;
                group[0].Repeated = keys;
            }
        }
    }

    private void Write(LogAppend[][] groups)
    {
        foreach (var append in groups.SelectMany(static group => group))
        {
            _keys[append.Partition].UnionWith(append.Keys);
            Assert.True(PointBatch.TryParse(append.Payload, out var batch, out var error), error);
            foreach (var bytes in batch.Slices)
            {
                Values.AddRange(new SliceReader(bytes.Span).Values);
            }
        }
    }

    private static void Answer(IEnumerable<LogAppend> appends, AppendStatus status)
    {
        foreach (var append in appends)
        {
            append.Status = status;
        }
    }

    private bool Fault() => _faults > 0 && _random.Next(4) == 0 && _faults-- > 0;
}
