using System.Globalization;

namespace OrleansMetrics.Benchmarks.Reports;

/// <summary>Where values lie between 0 and 1, and which of them are marked.</summary>
internal sealed class PlotAxis
{
    private static readonly int[] Factors = [1, 2, 5, 10];

    private readonly double _from;
    private readonly double _to;
    private readonly bool _isLogarithmic;

    private PlotAxis(double from, double to, bool isLogarithmic, double[] marks)
    {
        (_from, _to, _isLogarithmic) = (from, to, isLogarithmic);
        Marks = marks;
    }

    /// <summary>Values with a mark, ascending; the first and the last bound the plot.</summary>
    public IReadOnlyList<double> Marks { get; }

    /// <summary>An axis on which all values lie: from zero in steps of 1, 2 or 5, or between powers of ten when logarithmic.</summary>
    public static PlotAxis Spanning(IEnumerable<double> values, bool isLogarithmic)
    {
        var all = values.Where(value => double.IsFinite(value) && (!isLogarithmic || value > 0)).DefaultIfEmpty(1).ToList();
        if (isLogarithmic)
        {
            var low = (int)Math.Floor(Math.Log10(all.Min()));
            var high = Math.Max((int)Math.Ceiling(Math.Log10(all.Max())), low + 1);
            return new PlotAxis(low, high, true, [.. Enumerable.Range(low, high - low + 1).Select(static power => Math.Pow(10, power))]);
        }
        var most = all.Max() > 0 ? all.Max() : 1;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(most / 5)));
        var step = unit * Factors.First(factor => unit * factor * 6 >= most);
        var steps = (int)Math.Ceiling((most / step) - 1e-9);
        return new PlotAxis(0, steps * step, false, [.. Enumerable.Range(0, steps + 1).Select(number => number * step)]);
    }

    /// <summary>0 at the first mark, 1 at the last.</summary>
    public double Place(double value) => ((_isLogarithmic ? Math.Log10(Math.Max(value, double.Epsilon)) : value) - _from) / (_to - _from);

    /// <summary>A mark's text: 1.5M, 100k, 0.01.</summary>
    public static string Label(double value) => value switch
    {
        >= 1e6 => Text(value / 1e6) + "M",
        >= 1e3 => Text(value / 1e3) + "k",
        _ => Text(value),
    };

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
