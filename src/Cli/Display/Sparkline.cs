namespace OrleansMetrics.Cli.Display;

/// <summary>A row of bars, one per value, scaled between the least and the greatest.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>Draws the values; equal values give a flat line in the lower half, none gives an empty string.</summary>
    public static string Draw(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return "";
        }
        double least = double.PositiveInfinity, greatest = double.NegativeInfinity;
        foreach (var value in values)
        {
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }
        // Halves, so that the range of two huge values of opposite signs does not overflow.
        var range = (greatest / 2) - (least / 2);
        Span<char> bars = values.Length <= 256 ? stackalloc char[values.Length] : new char[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var share = range > 0 ? ((values[i] / 2) - (least / 2)) / range : 0.3;
            bars[i] = Bars[Math.Clamp((int)(share * Bars.Length), 0, Bars.Length - 1)];
        }
        return new string(bars);
    }
}
