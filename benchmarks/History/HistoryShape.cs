using System.Globalization;
using System.Text;

namespace OrleansMetrics.Benchmarks.History;

/// <summary>Hours of points of several metrics: levels and percentages in eighths, counts, and a constant, as servers send them.</summary>
/// <param name="metrics">Metrics, each of another kind of values, four kinds in turn.</param>
/// <param name="seriesPerMetric">Series of each.</param>
/// <param name="hours">How long.</param>
/// <param name="interval">Seconds between two points of a series.</param>
internal sealed class HistoryShape(int metrics, int seriesPerMetric, int hours, int interval)
{
    private readonly Random _random = new(1);
    private readonly double[] _levels = new double[metrics * seriesPerMetric];

    /// <summary>Metrics.</summary>
    public int Metrics => metrics;

    /// <summary>Series of each.</summary>
    public int SeriesPerMetric => seriesPerMetric;

    /// <summary>How long.</summary>
    public int Hours => hours;

    /// <summary>The metric of this number.</summary>
    public static string MetricName(int metric) => string.Create(CultureInfo.InvariantCulture, $"history_{metric}");

    /// <summary>Line protocol, in seconds: the points of all series in the minute that starts at a time. To be asked for minute by minute.</summary>
    public byte[] Minute(DateTimeOffset start)
    {
        var text = new StringBuilder();
        for (var series = 0; series < _levels.Length; series++)
        {
            var (metric, host) = (series / seriesPerMetric, series % seriesPerMetric);
            for (var second = 0; second < 60; second += interval)
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
