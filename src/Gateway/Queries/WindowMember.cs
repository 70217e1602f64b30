using System.Globalization;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>A number of a window that can be asked for by name.</summary>
internal sealed class WindowMember
{
    private WindowMember(string name, WindowValueWriter write, RangeMembers needs = RangeMembers.None, double? probability = null) =>
        (Name, Write, Needs, Probability) = (name, write, needs, probability);

    /// <summary>Those that every window has.</summary>
    public static WindowMember[] Numbers { get; } =
    [
        new("count", static (windows, i, into) => NumberText.Write(windows.Counts[i], into)),
        new("sum", static (windows, i, into) => Finite(windows.Sums, i, into), RangeMembers.Sum),
        new("min", static (windows, i, into) => Finite(windows.Mins, i, into), RangeMembers.Min),
        new("max", static (windows, i, into) => Finite(windows.Maxs, i, into), RangeMembers.Max),
        new("mean", static (windows, i, into) => windows.Sums.IsEmpty ? 0 : Finite(windows.Sums[i] / windows.Counts[i], into), RangeMembers.Sum),
        new("last", static (windows, i, into) => Finite(windows.Lasts, i, into), RangeMembers.Last),
    ];

    /// <summary>Only counters have it.</summary>
    public static WindowMember Rate { get; } = new(
        "rate", static (windows, i, into) => windows.Sums.IsEmpty ? 0 : Finite(windows.Sums[i] / TimeSpan.FromMilliseconds(windows.Sizes[i]).TotalSeconds, into), RangeMembers.Sum);

    /// <summary>Only sets have it, and besides it only a count.</summary>
    public static WindowMember Distinct { get; } = new("distinct", static (windows, i, into) => windows.Distincts.IsEmpty || windows.Distincts[i] < 0 ? 0 : NumberText.Write(windows.Distincts[i], into));

    /// <summary>How many points came after the window was final: only when it is asked for.</summary>
    public static WindowMember Revision { get; } = new("revision", static (windows, i, into) => NumberText.Write(windows.Revisions.IsEmpty ? 0 : windows.Revisions[i], into), RangeMembers.Revision);

    public string Name { get; }

    /// <summary>Of a quantile.</summary>
    public double? Probability { get; }

    /// <summary>Writes its value.</summary>
    public WindowValueWriter Write { get; }

    /// <summary>What a query has to ask for.</summary>
    public RangeMembers Needs { get; }

    /// <summary>The members of windows of a kind, without quantiles.</summary>
    public static WindowMember[] Of(MetricKind kind) => kind == MetricKind.Set ? [Numbers[0], Distinct] : kind.IsCounter() ? [.. Numbers, Rate] : Numbers;

    /// <summary>The member of this name; null: there is none.</summary>
    public static WindowMember? Find(string name) =>
        Array.Find(Numbers, number => number.Name == name) ?? Array.Find([Rate, Distinct, Revision], member => member.Name == name)
        ?? (ProbabilityOf(name) is { } probability ? Quantile(name, probability) : null);

    /// <summary>The quantile of a probability, such as p99.</summary>
    public static WindowMember Quantile(double probability) =>
        Quantile("p" + ((decimal)probability * 100).ToString("0.##########", CultureInfo.InvariantCulture), probability);

    private static WindowMember Quantile(string name, double probability) => new(
        name,
        (windows, i, into) => windows.Probabilities.IndexOf(probability) is >= 0 and var place ? Finite(windows.Quantiles(place), i, into) : 0,
        probability: probability);

    private static int Finite(ReadOnlySpan<double> column, int index, Span<byte> into) => column.IsEmpty ? 0 : Finite(column[index], into);

    private static int Finite(double value, Span<byte> into) => double.IsFinite(value) ? NumberText.Write(value, into) : 0;

    private static double? ProbabilityOf(string name) =>
        name.Length > 1 && name[0] == 'p' && decimal.TryParse(name.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percentile) && percentile is > 0 and <= 100
            ? (double)(percentile / 100)
            : null;
}
