using OrleansMetrics.Faults.Load;

namespace OrleansMetrics.Faults.Checks;

/// <summary>
/// Compares everything that a node or cluster has with everything that was sent. Acknowledged: each point exactly once. Refused: none.
/// Unanswered: all of the request or none, or, in a log that takes each partition's points by themselves, all or none of each partition's. And
/// then every series, window and counter must be what follows from that.
/// </summary>
/// <param name="requests">Everything that was sent.</param>
/// <param name="unitOf">Metrics of which the log takes a request's points together or not at all.</param>
internal sealed class Exactness(IReadOnlyCollection<SentRequest> requests, Func<string, int> unitOf)
{
    private static readonly long WindowMilliseconds = (long)LoadMetrics.WindowSize.TotalMilliseconds;

    private readonly List<string> _differences = [];
    private readonly Dictionary<(string Metric, string Series), SeriesReading> _shared = [];
    private readonly Dictionary<string, HashSet<string>> _sent = LoadMetrics.All.ToDictionary(static metric => metric, static _ => new HashSet<string>(StringComparer.Ordinal));
    private long _accepted;
    private long _late;
    private long _mayBeLate;

    /// <summary>All differences; empty when everything is exact.</summary>
    /// <param name="requests">Everything that was sent.</param>
    /// <param name="reader">Of what was counted.</param>
    /// <param name="ledger">Of the system at rest.</param>
    /// <param name="unitOf">Metrics of which the log takes a request's points together or not at all; by default all.</param>
    public static async Task<List<string>> CheckAsync(
        IReadOnlyCollection<SentRequest> requests, IMetricsReader reader, LedgerReading ledger, Func<string, int>? unitOf = null)
    {
        var readings = new Dictionary<string, IReadOnlyDictionary<string, SeriesReading>>(StringComparer.Ordinal);
        foreach (var metric in LoadMetrics.All)
        {
            readings.Add(metric, await reader.ReadMetricAsync(metric));
        }

        return new Exactness(requests, unitOf ?? (static _ => 0)).Compare(readings, ledger);
    }

    private List<string> Compare(Dictionary<string, IReadOnlyDictionary<string, SeriesReading>> readings, LedgerReading ledger)
    {
        foreach (var request in requests)
        {
            CompareRequest(request, readings);
        }

        foreach (var ((metric, series), expected) in _shared)
        {
            CompareSeries($"{metric} {series}", metric, expected, readings[metric].GetValueOrDefault(series));
        }

        foreach (var (metric, all) in readings)
        {
            _differences.AddRange(all.Keys.Where(series => !_sent[metric].Contains(series)).Select(series => $"{metric} {series} was never sent: {all[series]}"));
        }

        CompareLedger(ledger);
        return _differences;
    }

    private void CompareRequest(SentRequest request, Dictionary<string, IReadOnlyDictionary<string, SeriesReading>> readings)
    {
        var own = $"request={request.Id}";
        var counted = new List<(string Metric, long Copies)>();
        foreach (var points in request.Points.Where(point => point.Metric != LoadMetrics.Border).GroupBy(static point => point.Metric))
        {
            var copies = CountCopies(request, points.Key, [.. points.Where(point => point.Series == own)], readings[points.Key].GetValueOrDefault(own));
            counted.Add((points.Key, copies));
            _sent[points.Key].Add(own);
            _accepted += copies * points.Count();
            foreach (var point in points.Where(point => point.Series != own))
            {
                AddShared(point, copies);
            }
        }

        foreach (var unit in counted.GroupBy(one => unitOf(one.Metric)))
        {
            var (fewest, most) = (unit.Min(static one => one.Copies), unit.Max(static one => one.Copies));
            if (fewest != most)
            {
                _differences.Add($"{request} is counted in part: {string.Join(", ", unit.Select(static one => $"{one.Metric} {one.Copies} times"))}");
            }
            else if (most == 0 ? request.IsAcknowledged : most > 1 || !(request.IsAcknowledged || request.MayBeCounted))
            {
                _differences.Add($"{request} is counted {most} times in {string.Join(", ", unit.Select(static one => one.Metric))}");
            }
        }

        CompareBorder(request, own, counted, readings[LoadMetrics.Border].GetValueOrDefault(own));
    }

    /// <summary>How often the request was counted in a metric, by its own series there.</summary>
    private long CountCopies(SentRequest request, string metric, GeneratedPoint[] points, SeriesReading? found)
    {
        var copies = found is null ? 0 : Math.Max(1, found.Count / points.Length);
        if (found is not null)
        {
            var expected = new SeriesReading();
            foreach (var point in points)
            {
                expected.Add(point.Value, point.Time, WindowMilliseconds, copies);
            }

            CompareSeries($"{request}: {metric}", metric, expected, found);
        }

        return copies;
    }

    private void CompareBorder(SentRequest request, string own, List<(string Metric, long Copies)> counted, SeriesReading? found)
    {
        if (request.Points.FirstOrDefault(static point => point.Metric == LoadMetrics.Border) is not { } point)
        {
            return;
        }

        var inTime = found?.Count ?? 0;
        var same = counted.Where(one => unitOf(one.Metric) == unitOf(LoadMetrics.Border)).ToList();
        var copies = same.Count > 0 ? same.Max(static one => one.Copies) : request.IsAcknowledged ? 1 : inTime;
        if (same.Count == 0 && inTime == 0 && !request.IsAcknowledged && request.MayBeCounted)
        {
            // Late or not counted at all: nothing else of the request tells.
            _mayBeLate++;
        }

        _sent[LoadMetrics.Border].Add(own);
        _accepted += copies;
        _late += copies - inTime;
        if (inTime > copies || copies > 1 || (inTime > 0 && !request.IsAcknowledged && !request.MayBeCounted)
            || (found is not null && found.Sum != point.Value * inTime))
        {
            _differences.Add($"{request}: {LoadMetrics.Border}: expected {copies} of value {point.Value}, late or not; found {found}");
        }
    }

    private void AddShared(GeneratedPoint point, long copies)
    {
        if (copies == 0)
        {
            return;
        }

        _sent[point.Metric].Add(point.Series);
        if (!_shared.TryGetValue((point.Metric, point.Series), out var expected))
        {
            _shared.Add((point.Metric, point.Series), expected = new SeriesReading());
        }

        expected.Add(point.Value, point.Time, WindowMilliseconds, copies);
    }

    private void CompareSeries(string what, string metric, SeriesReading expected, SeriesReading? found)
    {
        if (found is null || found.Count != expected.Count || found.Sum != expected.Sum)
        {
            _differences.Add($"{what}: expected {expected}, found {(found is null ? "nothing" : found)}");
            return;
        }

        if (LoadMetrics.IsStamped(metric))
        {
            _differences.AddRange(expected.Windows.Keys.Union(found.Windows.Keys)
                .Where(start => expected.Windows.GetValueOrDefault(start) != found.Windows.GetValueOrDefault(start))
                .Select(start => $"{what}, window {start}: expected {expected.Windows.GetValueOrDefault(start)}, found {found.Windows.GetValueOrDefault(start)}"));
        }
        else if (found.Windows.Values.Sum(static window => window.Count) != found.Count || found.Windows.Values.Sum(static window => window.Sum) != found.Sum)
        {
            _differences.Add($"{what}: the windows do not add up to the total: {found}, {string.Join(", ", found.Windows)}");
        }
    }

    private void CompareLedger(LedgerReading ledger)
    {
        var late = ledger.Dropped.GetValueOrDefault("late");
        var expectedLate = Math.Clamp(late, _late, _late + _mayBeLate);
        var expected = (Accepted: _accepted + expectedLate - _late, Processed: _accepted - _late, Late: expectedLate, InFlight: 0L, OtherDropped: 0L);
        var found = (ledger.Accepted, ledger.Processed, Late: late, ledger.InFlight, OtherDropped: ledger.Dropped.Values.Sum() - late);
        if (expected != found || !ledger.Balanced || !ledger.IsAtRest)
        {
            _differences.Add($"Ledger (accepted, processed, late, in flight, otherwise dropped): expected {expected}, found {found}, {(ledger.Balanced ? "balanced" : "NOT BALANCED")}, {(ledger.IsAtRest ? "at rest" : "NOT AT REST")}: {ledger.Text}");
        }
    }
}
