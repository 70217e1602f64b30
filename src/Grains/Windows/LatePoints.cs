namespace OrleansMetrics.Grains.Windows;

/// <summary>What becomes of points that come after their window is final.</summary>
public enum LatePoints
{
    /// <summary>They are counted as late, and are in no window and no total.</summary>
    Drop,

    /// <summary>They correct their window, for a while.</summary>
    Correct,
}
