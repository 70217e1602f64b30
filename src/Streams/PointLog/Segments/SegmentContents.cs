namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>What a segment holds: its index, while it is in memory.</summary>
internal sealed class SegmentContents(int partitions)
{
    /// <summary>The records, in the order written.</summary>
    public List<SegmentEntry> Entries { get; } = [];

    /// <summary>The requests, in the order written.</summary>
    public List<RequestRow> Requests { get; } = [];

    /// <summary>Where the partitions stood at its end.</summary>
    public PartitionHead[] Heads { get; init; } = new PartitionHead[partitions];

    /// <summary>The highest position with requests of each partition that has any.</summary>
    public Dictionary<int, long> LastRequests()
    {
        var last = new Dictionary<int, long>();
        foreach (var row in Requests)
        {
            last[row.Partition] = Math.Max(row.Position, last.GetValueOrDefault(row.Partition));
        }

        return last;
    }
}
