namespace OrleansMetrics.Benchmarks.Statistics;

/// <summary>Measurements of one thing, in order of their size.</summary>
internal sealed class Sample
{
    private readonly double[] _sorted;

    /// <param name="values">In any order; at least one.</param>
    public Sample(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0)
        {
            throw new ArgumentException("A sample needs a value.", nameof(values));
        }
    }

    /// <summary>How many.</summary>
    public int Count => _sorted.Length;

    /// <summary>The least.</summary>
    public double Least => _sorted[0];

    /// <summary>The greatest.</summary>
    public double Greatest => _sorted[^1];

    /// <summary>The middle one, or the mean of the two in the middle.</summary>
    public double Median => Quantile(0.5);

    /// <summary>Distance of the quartiles over the median: what the middle half of the values differ by.</summary>
    public double Spread => (Quantile(0.75) - Quantile(0.25)) / Median;

    /// <summary>A quantile, interpolated between neighbours (Hyndman and Fan, 1996, type 7).</summary>
    public double Quantile(double probability)
    {
        var position = probability * (_sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, _sorted.Length - 1);
        return _sorted[below] + ((position - below) * (_sorted[above] - _sorted[below]));
    }

    /// <summary>
    /// Quotients of measurements taken together: first by first, second by second. What disturbed both at the same time cancels out, which it
    /// does not in a quotient of medians.
    /// </summary>
    public static Sample Ratios(IReadOnlyList<double> numerators, IReadOnlyList<double> denominators) => numerators.Count == denominators.Count
        ? new Sample(numerators.Zip(denominators, static (numerator, denominator) => numerator / denominator))
        : throw new ArgumentException("Each needs its counterpart.", nameof(denominators));
}
