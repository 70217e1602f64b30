using System.Text.Json.Serialization;

namespace OrleansMetrics.Cli.NodeApi;

// Properties are settable because generated JSON readers set init-only ones to null when the member is missing.

/// <summary>The answer of <c>GET /api/metrics/{metric}</c> and <c>…/windows</c>: a page of series.</summary>
internal sealed record MetricAnswer
{
    public string Metric { get; set; } = "";

    public string Kind { get; set; } = "";

    public SeriesAnswer[] Series { get; set; } = [];

    /// <summary>Cursor of the next page; null after the last one.</summary>
    public string? Next { get; set; }
}

/// <summary>One series of a metric.</summary>
internal sealed record SeriesAnswer
{
    public Dictionary<string, string> Tags { get; set; } = [];

    public TotalAnswer? Total { get; set; }

    public WindowAnswer[] Windows { get; set; } = [];
}

/// <summary>Lifetime totals of a series. A number beyond the range of a double is null.</summary>
internal sealed record TotalAnswer(long Count, double? Sum, double? Min, double? Max);

/// <summary>One window of a series. A number beyond the range of a double is null.</summary>
internal sealed record WindowAnswer
{
    public DateTimeOffset Start { get; set; }

    public DateTimeOffset End { get; set; }

    public bool Final { get; set; }

    public long Count { get; set; }

    public double? Sum { get; set; }

    public double? Min { get; set; }

    public double? Max { get; set; }

    public double? Mean { get; set; }

    public double? Last { get; set; }

    /// <summary>Per second; only of counters.</summary>
    public double? Rate { get; set; }

    /// <summary>Different elements; only of sets, which have only this and the count.</summary>
    public long? Distinct { get; set; }

    public DateTimeOffset LastUpdated { get; set; }

    /// <summary>Values by probability, written as the node writes it: <c>0.99</c>.</summary>
    public Dictionary<string, double?> Quantiles { get; set; } = [];
}

/// <summary>The answer of <c>GET /api/metrics</c>: a page of the catalogue.</summary>
internal sealed record CatalogueAnswer
{
    public CatalogueEntry[] Metrics { get; set; } = [];

    public string? Next { get; set; }
}

/// <summary>One metric of the catalogue.</summary>
internal sealed record CatalogueEntry
{
    public string Name { get; set; } = "";

    public string Kind { get; set; } = "";

    public long Series { get; set; }

    public long Points { get; set; }
}

/// <summary>Reads the node's answers without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MetricAnswer))]
[JsonSerializable(typeof(CatalogueAnswer))]
internal sealed partial class AnswerJsonContext : JsonSerializerContext;
