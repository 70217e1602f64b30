namespace OrleansMetrics.Contracts.Catalogue;

/// <summary>A page of the catalogue.</summary>
/// <param name="Metrics">In ascending ordinal order of names.</param>
/// <param name="Next">Cursor of the next page for <see cref="CatalogueQuery.After"/>; null after the last page.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.MetricPage")]
public sealed record MetricPage([property: Id(0)] MetricSummary[] Metrics, [property: Id(1)] string? Next);
