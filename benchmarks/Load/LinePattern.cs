using System.Globalization;
using System.Text;

namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// The endless sequence of Influx lines that bodies are cut from, 71 to 90 bytes each: all metrics of one host, then those of the next, as an agent sends them.
/// </summary>
internal sealed class LinePattern
{
    private const int Values = 4_000;
    private const double ValueStep = 0.25;

    private static readonly string[] Regions = ["eu", "us", "ap"];
    private static readonly string[] Zones = ["a", "b", "c", "d"];

    private readonly LoadShape _shape;
    private readonly byte[][] _metrics;
    private readonly byte[][] _values;

    public LinePattern(LoadShape shape)
    {
        _shape = shape;
        _metrics = [.. Enumerable.Range(0, shape.Metrics).Select(static metric => Encoding.UTF8.GetBytes(MetricName(metric)))];
        _values = [.. Enumerable.Range(0, Values).Select(static value => Encoding.UTF8.GetBytes((value * ValueStep).ToString(CultureInfo.InvariantCulture)))];
    }

    /// <summary>Name of a metric, such as <c>bench_metric_07</c>.</summary>
    public static string MetricName(int metric) => "bench_metric_" + metric.ToString("D2", CultureInfo.InvariantCulture);

    /// <summary>Value of the tag <c>host</c>, which tells the series of a metric apart.</summary>
    public static string HostName(int series) => "server-" + series.ToString("D4", CultureInfo.InvariantCulture);

    /// <summary>Writes a line up to the space before its timestamp; returns its length.</summary>
    public int Write(long line, Span<byte> destination)
    {
        var position = (int)(line % _shape.TotalSeries);
        var series = position / _shape.Metrics;
        var at = 0;
        Append(destination, ref at, _metrics[position % _shape.Metrics]);
        Append(destination, ref at, ",host="u8);
        at += Encoding.UTF8.GetBytes(HostName(series), destination[at..]);
        Append(destination, ref at, ",region="u8);
        at += Encoding.UTF8.GetBytes(Regions[series % Regions.Length], destination[at..]);
        Append(destination, ref at, ",zone="u8);
        at += Encoding.UTF8.GetBytes(Zones[series % Zones.Length], destination[at..]);
        Append(destination, ref at, " value="u8);
        Append(destination, ref at, _values[ValueIndex(line)]);
        Append(destination, ref at, " "u8);
        return at;
    }

    private static void Append(Span<byte> destination, ref int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        at += text.Length;
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a good hash of a counter.</summary>
    private int ValueIndex(long line)
    {
        var z = unchecked(_shape.Seed + (((ulong)line + 1) * 0x9E3779B97F4A7C15UL));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return (int)((z ^ (z >> 31)) % Values);
    }
}
