using System.Globalization;
using System.Text;

namespace OrleansMetrics.Faults.Load;

/// <summary>
/// Days of servers that send a point every ten seconds, as the tool <c>host</c> does: percentages, counts, levels and constants. All values are multiples of an
/// eighth, so that sums are exact in any order.
/// </summary>
internal sealed class DayOfPoints
{
    /// <summary>Milliseconds between two points of a series.</summary>
    public const int Period = 10_000;

    /// <summary>Points of a series in one request.</summary>
    public const int PerRequest = 6;

    private const int Racks = 5;
    private const int PeriodsPerHour = 360;
    private readonly double[][][] _values;

    public DayOfPoints(int metrics, int hosts, int hours, DateTimeOffset start, int seed)
    {
        Start = start;
        Metrics = metrics;
        Hosts = hosts;
        Periods = hours * PeriodsPerHour;
        _values = [.. Enumerable.Range(0, metrics).Select(metric => Enumerable.Range(0, hosts).Select(host => Values(metric, new Random(HashCode.Combine(seed, metric, host)))).ToArray())];
    }

    public DateTimeOffset Start { get; }

    public int Metrics { get; }

    public int Hosts { get; }

    /// <summary>Times at which points are sent.</summary>
    public int Periods { get; }

    public DateTimeOffset End => At(Periods);

    public static string NameOf(int metric) => string.Create(CultureInfo.InvariantCulture, $"day_{metric}");

    public static string HostOf(int host) => string.Create(CultureInfo.InvariantCulture, $"h{host}");

    public static string RackOf(int host) => string.Create(CultureInfo.InvariantCulture, $"r{host % Racks}");

    public DateTimeOffset At(int period) => Start.AddMilliseconds((long)period * Period);

    /// <summary>A host in seven is silent every other hour.</summary>
    public static bool IsSilent(int host, int period) => host % 7 == 3 && period / PeriodsPerHour % 2 == 0;

    /// <summary>Line protocol, in milliseconds: the points of all series from a period on.</summary>
    public byte[] Body(int first)
    {
        var text = new StringBuilder();
        for (var metric = 0; metric < Metrics; metric++)
        {
            for (var host = 0; host < Hosts; host++)
            {
                for (var period = first; period < first + PerRequest; period++)
                {
                    if (!IsSilent(host, period))
                    {
                        text.Append(CultureInfo.InvariantCulture, $"day_{metric},host=h{host},rack={RackOf(host)} value={_values[metric][host][period]} {At(period).ToUnixTimeMilliseconds()}\n");
                    }
                }
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public int PointsIn(int first) =>
        Metrics * Enumerable.Range(0, Hosts).Sum(host => Enumerable.Range(first, PerRequest).Count(period => !IsSilent(host, period)));

    /// <summary>The values of some hosts in a range of periods, in the order of time.</summary>
    public List<double> Values(int metric, IEnumerable<int> hosts, int from, int to)
    {
        var values = new List<double>();
        var some = hosts.ToList();
        for (var period = Math.Max(0, from); period < Math.Min(Periods, to); period++)
        {
            values.AddRange(some.Where(host => !IsSilent(host, period)).Select(host => _values[metric][host][period]));
        }

        return values;
    }

    private double[] Values(int metric, Random random)
    {
        var values = new double[Periods];
        double level = random.Next(100);
        for (var period = 0; period < values.Length; period++)
        {
            level = Math.Clamp(level + random.Next(-24, 25) / 8.0, 0, 4_000);
            values[period] = (metric % 4) switch
            {
                0 => level,
                1 => random.Next(50_000),
                2 => -random.Next(1, 800) / 8.0,
                _ => 16_384,
            };
        }

        return values;
    }
}
