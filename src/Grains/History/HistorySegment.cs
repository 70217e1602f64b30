namespace OrleansMetrics.Grains.History;

/// <summary>A part of a range of time, and the resolution that it is read at.</summary>
/// <param name="Tier">Index of the resolution; 0: windows as they came.</param>
/// <param name="From">Windows that start at or after this.</param>
/// <param name="To">Windows that start before this.</param>
internal readonly record struct HistorySegment(int Tier, long From, long To);
