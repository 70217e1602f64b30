using System.Globalization;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Load;

/// <summary>
/// Compares the lifetime totals of every series with what the node acknowledged. Counts must be equal and sums within 1e-9; where the answer
/// to a request was lost, the count may lie between without and with it.
/// </summary>
internal sealed class LoadVerifier(NodeClient node, LoadOptions options, LoadPattern pattern, LoadBodies bodies)
{
    private const int MaxExamples = 20;
    private const double SumTolerance = 1e-9;

    /// <summary>Makes sure that nobody has used the prefix: totals count from the first point ever.</summary>
    /// <exception cref="CliFailureException">The node has metrics with the prefix.</exception>
    public async Task RequireUnusedPrefixAsync(CancellationToken cancellationToken)
    {
        var page = await node.GetCatalogueAsync(new QueryPath("api", "metrics").With("match", options.Prefix + "_metric_*").With("limit", 1), cancellationToken);
        if (page.Metrics.Length > 0)
        {
            throw new CliFailureException(
                $"--verify: the node already has metrics that begin with '{options.Prefix}_metric_'; choose another --prefix.", ExitCode.Usage);
        }
    }

    /// <summary>Reads every series and compares.</summary>
    public async Task<VerificationReport> CompareAsync(CancellationToken cancellationToken)
    {
        var expected = Expect();
        var differences = new List<string>();
        long found = 0, differing = 0, compared = 0;
        for (var metric = 0; metric < options.Metrics; metric++)
        {
            var name = pattern.MetricName(metric);
            var totals = await ReadTotalsAsync(name, cancellationToken);
            found += totals.Values.Sum(total => total.Count);
            for (var series = 0; series < options.Series; series++)
            {
                var host = pattern.HostName(series);
                var want = expected[(series * (long)options.Metrics) + metric];
                totals.Remove(host, out var total);
                compared += want.Most > 0 ? 1 : 0;
                if (want.Difference(total) is { } difference)
                {
                    differing++;
                    Note(differences, $"{name} host={host}: {difference}");
                }
            }
            differing += totals.Count;
            foreach (var (host, total) in totals)
            {
                Note(differences, $"{name} host={host}: {total.Count} points that nobody sent");
            }
        }
        return new VerificationReport(compared, expected.Sum(want => want.Least), found, differing, [.. differences]);
    }

    private static void Note(List<string> differences, string difference)
    {
        if (differences.Count < MaxExamples)
        {
            differences.Add(difference);
        }
    }

    private Expectation[] Expect()
    {
        var expected = new Expectation[options.TotalSeries];
        foreach (var body in bodies.All.Where(body => body.Acknowledged + body.Uncertain > 0))
        {
            for (var i = 0; i < body.Lines; i++)
            {
                ref var series = ref expected[(body.FirstLine + i) % expected.Length];
                series.Least += body.Acknowledged;
                series.Most += body.Acknowledged + body.Uncertain;
                series.Sum += body.Acknowledged * pattern.ValueOf(body.FirstLine + i);
            }
        }
        return expected;
    }

    private async Task<Dictionary<string, TotalAnswer>> ReadTotalsAsync(string metric, CancellationToken cancellationToken)
    {
        var totals = new Dictionary<string, TotalAnswer>(StringComparer.Ordinal);
        await foreach (var series in node.GetAllSeriesAsync(metric, [], cancellationToken))
        {
            var host = series.Tags.GetValueOrDefault("host", "");
            if (!totals.TryAdd(host, series.Total ?? new TotalAnswer(0, 0, 0, 0)))
            {
                throw new CliFailureException($"the node gave the series {metric} host={host} twice");
            }
        }
        return totals;
    }

    private struct Expectation
    {
        public long Least;
        public long Most;
        public double Sum;

        public readonly string? Difference(TotalAnswer? total)
        {
            var count = total?.Count ?? 0;
            if (count < Least || count > Most)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{count} points instead of {Least}{(Most > Least ? $" to {Most}" : "")}");
            }
            var sum = total is null ? 0 : total.Sum ?? double.NaN;
            return Most == Least && !(Math.Abs(sum - Sum) <= SumTolerance * Math.Abs(Sum))
                ? string.Create(CultureInfo.InvariantCulture, $"sum {sum} instead of {Sum}")
                : null;
        }
    }
}
