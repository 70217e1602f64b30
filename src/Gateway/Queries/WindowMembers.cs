using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>Which members of windows an answer has: those that <c>agg</c> names, or all.</summary>
/// <param name="Named">As they were asked for; null: all.</param>
/// <param name="Quantiles">Probabilities; null: those configured.</param>
internal sealed record WindowMembers(WindowMember[]? Named, double[]? Quantiles)
{
    private const int Most = 16;
    private const string Allowed = "names separated by commas, each once: count, sum, min, max, mean, last, rate, distinct, or p with a percentile such as p99 or p99.9";

    /// <summary>What a query has to ask for.</summary>
    public RangeMembers Needs => Named is null ? RangeMembers.All : Named.Aggregate(RangeMembers.None, static (all, member) => all | member.Needs);

    /// <summary>A member that is asked for and that windows of this kind do not have; null: they have all.</summary>
    public WindowMember? MissingOf(MetricKind kind) =>
        Array.Find(Named ?? [], member => member != WindowMember.Revision && !(WindowMember.Of(kind).Contains(member) || (member.Probability is not null && kind != MetricKind.Set)));

    /// <summary>Reads <c>agg</c>.</summary>
    public static WindowMembers Read(QueryParameters parameters)
    {
        if (parameters.Names("agg") is not { } names)
        {
            return new WindowMembers(null, null);
        }

        var members = new List<WindowMember>();
        foreach (var name in names)
        {
            if (WindowMember.Find(name) is not { } member || (member.Probability is not null && names.Length > Most))
            {
                parameters.Refuse("agg", Allowed);
                break;
            }

            members.Add(member);
        }

        return new WindowMembers([.. members], [.. members.Select(static member => member.Probability).OfType<double>()]);
    }
}
