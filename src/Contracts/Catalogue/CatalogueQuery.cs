namespace OrleansMetrics.Contracts.Catalogue;

/// <summary>Which metrics to list.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.CatalogueQuery")]
public sealed record CatalogueQuery
{
    /// <summary>Largest page.</summary>
    public const int MaxLimit = 10_000;

    /// <summary>A glob over the whole name: <c>*</c> any run of characters, <c>?</c> one. Null: all.</summary>
    [Id(0)] public string? Match { get; init; }

    /// <summary>Metrics in a page, 1 to <see cref="MaxLimit"/>.</summary>
    [Id(1)] public int Limit { get; init; } = 1_000;

    /// <summary>Only names that sort after this one, by ordinal comparison; null for the first page.</summary>
    [Id(2)] public string? After { get; init; }
}
