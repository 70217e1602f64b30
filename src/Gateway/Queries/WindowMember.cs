using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>A number of a window that can be asked for by name.</summary>
internal sealed class WindowMember
{
    private readonly Func<WindowAggregate, double> _value;

    private WindowMember(string name, Func<WindowAggregate, double> value, double? probability = null)
    {
        Name = name;
        Key = Encoding.UTF8.GetBytes(name);
        Probability = probability;
        _value = value;
    }

    /// <summary>Those that every window has.</summary>
    public static WindowMember[] Numbers { get; } =
    [
        new("count", static window => window.Count) { Whole = static window => window.Count }, new("sum", static window => window.Sum), new("min", static window => window.Min),
        new("max", static window => window.Max), new("mean", static window => window.Mean), new("last", static window => window.Last),
    ];

    /// <summary>Only counters have it.</summary>
    public static WindowMember Rate { get; } = new("rate", static window => window.Rate);

    /// <summary>Only sets have it, and besides it only a count.</summary>
    public static WindowMember Distinct { get; } = new("distinct", static window => window.Distinct ?? double.NaN);

    /// <summary>How many points came after the window was final: only when it is asked for.</summary>
    public static WindowMember Revision { get; } = new("revision", static window => window.Revision) { Whole = static window => window.Revision };

    public string Name { get; }

    /// <summary>The name in UTF-8.</summary>
    public byte[] Key { get; }

    /// <summary>Of a quantile.</summary>
    public double? Probability { get; }

    /// <summary>Of a number that is a whole one.</summary>
    public Func<WindowAggregate, long>? Whole { get; private init; }

    /// <summary>The members of windows of a kind, without quantiles.</summary>
    public static WindowMember[] Of(MetricKind kind) => kind == MetricKind.Set ? [Numbers[0], Distinct] : kind.IsCounter() ? [.. Numbers, Rate] : Numbers;

    /// <summary>The member of this name; null: there is none.</summary>
    public static WindowMember? Find(string name) =>
        Array.Find(Numbers, number => number.Name == name) ?? Array.Find([Rate, Distinct, Revision], member => member.Name == name)
        ?? (ProbabilityOf(name) is { } probability ? Quantile(name, probability) : null);

    /// <summary>The quantile of a probability, such as p99.</summary>
    public static WindowMember Quantile(double probability) =>
        Quantile("p" + ((decimal)probability * 100).ToString("0.##########", CultureInfo.InvariantCulture), probability);

    /// <summary>Not a number when the window does not have it.</summary>
    public double ValueOf(WindowAggregate window) => _value(window);

    private static WindowMember Quantile(string name, double probability) => new(
        name,
        window => Array.Find(window.Quantiles, quantile => quantile.Probability.Equals(probability)) is { Probability: > 0 } found ? found.Value : double.NaN,
        probability);

    private static double? ProbabilityOf(string name) =>
        name.Length > 1 && name[0] == 'p' && decimal.TryParse(name.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percentile) && percentile is > 0 and <= 100
            ? (double)(percentile / 100)
            : null;
}
