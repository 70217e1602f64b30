namespace OrleansMetrics.Benchmarks.Load;

/// <summary>How much is sent, and how fast.</summary>
/// <param name="Points">Rounded up to whole requests.</param>
/// <param name="PointsPerSecond">0: as fast as the server answers.</param>
/// <param name="EventNanosecondsPerPoint">How far the points' own time moves from line to line.</param>
internal sealed record LoadPlan(long Points, double PointsPerSecond, long EventNanosecondsPerPoint);
