using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.History;

/// <summary>Queries of one range and one set of members, of one build of the node.</summary>
internal sealed class HistoryQueries
{
    /// <summary>Of the very first after a start, one per start, in milliseconds: with what is compiled only then.</summary>
    public List<double> First { get; } = [];

    /// <summary>Of those that follow, the first of each metric: its chunks are read from storage.</summary>
    public List<double> Cold { get; } = [];

    /// <summary>Of some that follow: of code that was run a few times only.</summary>
    public List<double> Early { get; } = [];

    /// <summary>Of all others.</summary>
    public List<double> Warm { get; } = [];

    /// <summary>CPU time of the node per warm query, by start, in milliseconds.</summary>
    public List<double> CpuPerQuery { get; } = [];

    /// <summary>Length of an answer.</summary>
    public int Bytes { get; set; }

    /// <summary>Memory that the node held in the end, the most of all starts.</summary>
    public long ResidentBytes { get; set; }

    /// <summary>Median and most.</summary>
    public static string Few(List<double> values) => values.Count == 0 ? "" : Numbers(values, 1);

    /// <summary>Median and 99th percentile.</summary>
    public static string Many(List<double> values) => Numbers(values, 0.99);

    private static string Numbers(List<double> values, double probability)
    {
        var sample = new Sample(values);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{sample.Median:0}, {sample.Quantile(probability):0}");
    }
}
