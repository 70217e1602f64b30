namespace OrleansMetrics.Grains.History;

/// <summary>The resolutions of some metrics.</summary>
public sealed class HistoryPattern
{
    /// <summary>A glob over the metric's whole name: * any run of characters, ? one.</summary>
    public string Match { get; set; } = "";

    /// <summary>Ascending; none: no history for these metrics.</summary>
    public HistoryResolution[]? Resolutions { get; set; }
}
