using System.Globalization;
using System.Text;

namespace OrleansMetrics.Benchmarks.History;

/// <summary>Hours of points of several metrics: levels and percentages in eighths, counts, and a constant, as servers send them.</summary>
/// <param name="Metrics">Metrics, each of another kind of values, four kinds in turn.</param>
/// <param name="SeriesPerMetric">Series of each.</param>
/// <param name="Hours">How long.</param>
/// <param name="Interval">Seconds between two points of a series.</param>
internal sealed record HistoryShape(int Metrics, int SeriesPerMetric, int Hours, int Interval)
{
    private readonly Random _random = new(1);
    private readonly double[] _levels = new double[Metrics * SeriesPerMetric];

    /// <summary>The metric of this number.</summary>
    public static string MetricName(int metric) => string.Create(CultureInfo.InvariantCulture, $"history_{metric}");

    /// <summary>Line protocol, in seconds: the points of all series in the minute that starts at a time. To be asked for minute by minute.</summary>
    public byte[] Minute(DateTimeOffset start)
    {
        var text = new StringBuilder();
        for (var series = 0; series < _levels.Length; series++)
        {
            var (metric, host) = (series / SeriesPerMetric, series % SeriesPerMetric);
            for (var second = 0; second < 60; second += Interval)
            {
                text.Append(CultureInfo.InvariantCulture, $"{MetricName(metric)},host=h{host},rack=r{host % 5} value={Next(metric, series)} {start.ToUnixTimeSeconds() + second}\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private double Next(int metric, int series)
    {
        ref var level = ref _levels[series];
        level = Math.Clamp(level + (_random.Next(-24, 25) / 8.0), 0, 4_000);
        return (metric % 4) switch
        {
            0 => level,
            1 => _random.Next(50_000),
            2 => -_random.Next(1, 800) / 8.0,
            _ => 16_384,
        };
    }
}
