using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.Compare;

/// <summary>
/// Measures servers in turn (A B C A B C …), one at a time and started anew for each load, so that what disturbs the machine for a while disturbs all of them.
/// </summary>
internal sealed class CompareRun(CompareOptions options, IReadOnlyList<IServerProgram> programs, Action<string> progress)
{
    /// <summary>Measures with one number of series.</summary>
    public SeriesComparison Measure(int series, CancellationToken cancellationToken)
    {
        var requests = RequestSet.Build(new LoadShape { Series = series, Metrics = options.Metrics, Connections = options.Connections });
        var rounds = programs.ToDictionary(static program => program.Name, static _ => new List<LoadMeasurement>(), StringComparer.Ordinal);
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var program in programs)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var measured = MeasureOnce(program, requests, cancellationToken);
                rounds[program.Name].Add(measured);
                progress($"{requests.Shape.TotalSeries:N0} series, round {round} of {options.Rounds}, {program.Name}: "
                    + $"{measured.CpuNanosecondsPerPoint:0} ns/point, {measured.PointsPerSecond / 1e6:0.00}M points/s, others {measured.OthersShare:P0}");
            }
        }
        return new SeriesComparison(
            requests.Shape.TotalSeries, requests.BytesPerLine, [.. programs.Select(program => new ServerRounds(program.Name, rounds[program.Name]))]);
    }

    private LoadMeasurement MeasureOnce(IServerProgram program, RequestSet requests, CancellationToken cancellationToken)
    {
        using var server = RunningServer.Start(program, cancellationToken);
        using var load = new MeasuredLoad(server, requests);
        load.WarmUp(new LoadPlan(options.WarmUpFor(requests.Shape.TotalSeries), 0, options.EventStep), cancellationToken);
        return load.Run(new LoadPlan(options.Points, options.Rate, options.EventStep), options.After, cancellationToken);
    }
}
