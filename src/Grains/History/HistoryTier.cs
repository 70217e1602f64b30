namespace OrleansMetrics.Grains.History;

/// <summary>Windows of one length in history. Milliseconds.</summary>
/// <param name="Step">Their length.</param>
/// <param name="Keep">How long they are kept.</param>
public readonly record struct HistoryTier(int Step, long Keep);
