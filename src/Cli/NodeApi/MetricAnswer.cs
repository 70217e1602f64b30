using System.Text.Json.Serialization;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>The answer of <c>GET /api/metrics/{metric}</c> and <c>…/windows</c>: a page of series.</summary>
internal sealed record MetricAnswer
{
    public string Metric { get; init; } = "";

    public string Kind { get; init; } = "";

    public SeriesAnswer[] Series { get; init; } = [];

    /// <summary>Cursor of the next page; null after the last one.</summary>
    public string? Next { get; init; }
}

/// <summary>One series of a metric.</summary>
internal sealed record SeriesAnswer
{
    public Dictionary<string, string> Tags { get; init; } = [];

    public TotalAnswer? Total { get; init; }

    public WindowAnswer[] Windows { get; init; } = [];
}

/// <summary>Lifetime totals of a series.</summary>
internal sealed record TotalAnswer(long Count, double Sum, double Min, double Max);

/// <summary>One window of a series.</summary>
internal sealed record WindowAnswer
{
    public DateTimeOffset Start { get; init; }

    public DateTimeOffset End { get; init; }

    public bool Final { get; init; }

    public long Count { get; init; }

    public double Sum { get; init; }

    public double Min { get; init; }

    public double Max { get; init; }

    public double Mean { get; init; }

    public double Last { get; init; }

    public DateTimeOffset LastUpdated { get; init; }

    /// <summary>Values by probability, written as the node writes it: <c>0.99</c>.</summary>
    public Dictionary<string, double> Quantiles { get; init; } = [];
}

/// <summary>The answer of <c>GET /api/metrics</c>: a page of the catalogue.</summary>
internal sealed record CatalogueAnswer
{
    public CatalogueEntry[] Metrics { get; init; } = [];

    public string? Next { get; init; }
}

/// <summary>One metric of the catalogue.</summary>
internal sealed record CatalogueEntry
{
    public string Name { get; init; } = "";

    public string Kind { get; init; } = "";

    public long Series { get; init; }

    public long Points { get; init; }
}

/// <summary>Reads the node's answers without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(MetricAnswer))]
[JsonSerializable(typeof(CatalogueAnswer))]
internal sealed partial class AnswerJsonContext : JsonSerializerContext;
