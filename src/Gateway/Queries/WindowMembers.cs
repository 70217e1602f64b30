using System.Globalization;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Which members of windows an answer has: those that <c>agg</c> names, or all.</summary>
/// <param name="Names">As they were asked for; null: all.</param>
/// <param name="Quantiles">Probabilities; null: those configured.</param>
internal sealed record WindowMembers(string[]? Names, double[]? Quantiles)
{
    private const int Most = 16;
    private const string Allowed = "names separated by commas, each once: count, sum, min, max, mean, last, or p with a percentile such as p99 or p99.9";
    private static readonly string[] Known = ["count", "sum", "min", "max", "mean", "last"];

    /// <summary>Reads <c>agg</c>.</summary>
    public static WindowMembers Read(QueryParameters parameters)
    {
        if (parameters.Names("agg") is not { } names)
        {
            return new WindowMembers(null, null);
        }

        var quantiles = new List<double>();
        foreach (var name in names)
        {
            if (Known.Contains(name, StringComparer.Ordinal))
            {
                continue;
            }

            if (Probability(name) is not { } probability || names.Length > Most)
            {
                parameters.Refuse("agg", Allowed);
                break;
            }

            quantiles.Add(probability);
        }

        return new WindowMembers(names, [.. quantiles]);
    }

    /// <summary>The probability of a percentile's name; null: it is none.</summary>
    public static double? Probability(string name) =>
        name.Length > 1 && name[0] == 'p' && decimal.TryParse(name.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percentile) && percentile is > 0 and <= 100
            ? (double)(percentile / 100)
            : null;
}
