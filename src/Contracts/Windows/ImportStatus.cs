namespace OrleansMetrics.Contracts.Windows;

/// <summary>How an import ended.</summary>
public enum ImportStatus
{
    /// <summary>Every window was judged, and those imported are persisted.</summary>
    Done,

    /// <summary>The metric is of another kind; nothing was imported.</summary>
    KindConflict,

    /// <summary>No history is kept of this metric; nothing was imported.</summary>
    NoHistory,

    /// <summary>It could not be finished now; some windows may have been imported. Import the same again: those are found to be there.</summary>
    Busy,
}
