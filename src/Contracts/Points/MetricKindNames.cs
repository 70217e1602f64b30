using System.Text;

namespace OrleansMetrics.Contracts.Points;

/// <summary>The names of kinds in requests and answers, and what they have in common.</summary>
public static class MetricKindNames
{
    private static readonly string[] Names = ["gauge", "counter", "cumulative_counter", "distribution", "set"];
    private static readonly byte[][] Utf8 = [.. Names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>All names, for a person.</summary>
    public static string All { get; } = string.Join(", ", Names);

    /// <summary>Whether this build knows the kind.</summary>
    public static bool IsKnown(this MetricKind kind) => (int)kind < Names.Length;

    /// <summary>Whether windows hold increments, so that there is a rate; no value is negative.</summary>
    public static bool IsCounter(this MetricKind kind) => kind is MetricKind.Counter or MetricKind.CumulativeCounter;

    /// <summary>The name in snake case.</summary>
    public static string Name(this MetricKind kind) => kind.IsKnown() ? Names[(int)kind] : $"unknown_{(int)kind}";

    /// <summary>The kind of this name, in UTF-8.</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, out MetricKind kind)
    {
        for (var i = 0; i < Utf8.Length; i++)
        {
            if (name.SequenceEqual(Utf8[i]))
            {
                kind = (MetricKind)i;
                return true;
            }
        }

        kind = default;
        return false;
    }
}
