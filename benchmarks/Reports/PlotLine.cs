namespace OrleansMetrics.Benchmarks.Reports;

/// <summary>A line of a plot.</summary>
internal sealed record PlotLine(string Name, IReadOnlyList<(double X, double Y)> Points);
