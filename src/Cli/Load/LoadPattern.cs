using System.Globalization;
using System.Text;

namespace OrleansMetrics.Cli.Load;

/// <summary>
/// The endless sequence of lines that a load is cut from. Line <c>n</c> depends on the seed and on <c>n</c> only, so that what was sent
/// can be computed again instead of remembered. Consecutive lines are the metrics of one host, then those of the next.
/// </summary>
internal sealed class LoadPattern
{
    /// <summary>Distinct values, in steps of <see cref="ValueStep"/>: sums of quarters are exact in a double up to 2⁵¹.</summary>
    private const int Values = 4_000;
    private const double ValueStep = 0.25;

    private static readonly string[] Regions = ["eu", "us", "ap"];
    private static readonly string[] Zones = ["a", "b", "c", "d"];

    private readonly LoadOptions _options;
    private readonly byte[][] _metricNames;
    private readonly byte[][] _values;
    private readonly string _metricFormat;
    private readonly string _hostFormat;

    public LoadPattern(LoadOptions options)
    {
        _options = options;
        _metricFormat = "D" + Math.Max(2, Digits(options.Metrics - 1)).ToString(CultureInfo.InvariantCulture);
        _hostFormat = "D" + Math.Max(4, Digits(options.Series - 1)).ToString(CultureInfo.InvariantCulture);
        _metricNames = [.. Enumerable.Range(0, options.Metrics).Select(metric => Encoding.UTF8.GetBytes(MetricName(metric)))];
        _values = [.. Enumerable.Range(0, Values).Select(value => Encoding.UTF8.GetBytes((value * ValueStep).ToString(CultureInfo.InvariantCulture)))];
    }

    /// <summary>Name of a metric, such as <c>load_metric_07</c>.</summary>
    public string MetricName(int metric) => $"{_options.Prefix}_metric_{metric.ToString(_metricFormat, CultureInfo.InvariantCulture)}";

    /// <summary>Value of the tag <c>host</c>, which tells the series of a metric apart.</summary>
    public string HostName(int series) => "server-" + series.ToString(_hostFormat, CultureInfo.InvariantCulture);

    /// <summary>Metric and series of a line.</summary>
    public (int Metric, int Series) SeriesOf(long line)
    {
        var position = line % _options.TotalSeries;
        return ((int)(position % _options.Metrics), (int)(position / _options.Metrics));
    }

    /// <summary>Value of a line: a multiple of 0.25 below 1,000.</summary>
    public double ValueOf(long line) => ValueIndex(line) * ValueStep;

    /// <summary>Writes a line without its timestamp and its end; returns its length.</summary>
    public int Write(long line, Span<byte> destination)
    {
        var (metric, series) = SeriesOf(line);
        var at = 0;
        Append(destination, ref at, _metricNames[metric]);
        Append(destination, ref at, ",host="u8);
        at += Encoding.UTF8.GetBytes(HostName(series), destination[at..]);
        Append(destination, ref at, ",region="u8);
        at += Encoding.UTF8.GetBytes(Regions[series % Regions.Length], destination[at..]);
        Append(destination, ref at, ",zone="u8);
        at += Encoding.UTF8.GetBytes(Zones[series % Zones.Length], destination[at..]);
        Append(destination, ref at, " value="u8);
        Append(destination, ref at, _values[ValueIndex(line)]);
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
        var z = unchecked(_options.Seed + (((ulong)line + 1) * 0x9E3779B97F4A7C15UL));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return (int)((z ^ (z >> 31)) % Values);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
