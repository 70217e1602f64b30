using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History;

/// <summary>The final windows of an aggregator, without late points.</summary>
internal sealed class FinalWindows(MetricAggregator windows, HistoryManifest manifest) : ICutSource
{
    public bool Corrects => false;

    public long Watermark => windows.Watermark;

    public long ReadyThrough => windows.FinalThrough;

    public long Through
    {
        get => manifest.Through;
        set => manifest.Through = windows.KeptAfter = value;
    }

    public long EarliestEnd(long after) => windows.EarliestEnd(after);

    public RowChunk WriteRows(long after, long through) => windows.WriteRows(after, through);
}
