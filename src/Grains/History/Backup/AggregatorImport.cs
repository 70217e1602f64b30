using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.History.Backup;

/// <summary>What an aggregator answers to an import.</summary>
/// <param name="Result">Null: the log must name the metric and its kind first.</param>
/// <param name="Begin">The position through which the metric was forgotten before: another one later means that what was imported is forgotten, too.</param>
/// <param name="Doubt">The partition may still take the metric for an empty one, and forget it; null: it does not.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.AggregatorImport")]
public sealed record AggregatorImport([property: Id(0)] ImportResult? Result, [property: Id(1)] long Begin, [property: Id(2)] string? Doubt);
