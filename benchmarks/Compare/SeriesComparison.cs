namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>All servers with one number of series. The first is the one that the others are compared with.</summary>
internal sealed record SeriesComparison(int Series, double BytesPerLine, IReadOnlyList<ServerRounds> Servers);
