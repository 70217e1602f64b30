using System.Collections.Concurrent;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>What the commit thread and readers share: the segments, and where in them the records are.</summary>
internal sealed class SegmentStore
{
    public SegmentStore(LogFiles files, int partitions, ulong secret)
    {
        Files = files;
        Secret = secret;
        Index = new PartitionIndex[partitions];
        for (var i = 0; i < partitions; i++)
        {
            Index[i] = new PartitionIndex();
        }
    }

    public LogFiles Files { get; }

    public ulong Secret { get; }

    public int Partitions => Index.Length;

    public PartitionIndex[] Index { get; }

    /// <summary>By number.</summary>
    public ConcurrentDictionary<int, Segment> Segments { get; } = [];
}
