namespace OrleansMetrics.Grains.History;

/// <summary>Windows of one length and how long they are kept.</summary>
public sealed class HistoryResolution
{
    /// <summary>Length of the windows.</summary>
    public TimeSpan Step { get; set; }

    /// <summary>How long they are kept.</summary>
    public TimeSpan Keep { get; set; }
}
