using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History;

/// <summary>The late points of windows that take no more of them.</summary>
internal sealed class SettledWindows(MetricAggregator windows, HistoryManifest manifest) : ICutSource
{
    public bool Corrects => true;

    public long Watermark => windows.Watermark;

    public long ReadyThrough => windows.SettledThrough;

    public long Through
    {
        get => manifest.CorrectedThrough;
        set => manifest.CorrectedThrough = windows.CorrectionsKeptAfter = value;
    }

    public long EarliestEnd(long after) => windows.EarliestCorrectedEnd(after);

    public RowChunk WriteRows(long after, long through) => windows.WriteCorrectedRows(after, through);
}
