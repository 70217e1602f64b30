namespace OrleansMetrics.Grains.History;

/// <summary>Does the work on a metric's chunks beside its aggregator. The key is the metric's name.</summary>
[Alias("OrleansMetrics.IHistoryWorkGrain")]
public interface IHistoryWorkGrain : IGrainWithStringKey
{
    /// <summary>Makes one chunk out of several and stores it. Nothing names it yet.</summary>
    [Alias("Run")]
    Task<HistoryJobResult> Run(HistoryJob job);
}
