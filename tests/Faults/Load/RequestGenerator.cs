using System.Globalization;

namespace OrleansMetrics.Faults.Load;

/// <summary>
/// Draws a client's requests. The points of a request lie in several metrics, and so in several partitions; in each it has points in a
/// series of its own, which tells afterwards whether it was counted, and points in the series of its client, whose totals and windows add up.
/// </summary>
internal sealed class RequestGenerator(int client, int seed, SentRequests requests, Func<DateTimeOffset> clock, IReadOnlyList<RequestManner> manners)
{
    private readonly Random _random = new(seed);

    public SentRequest Next()
    {
        var id = requests.NextId();
        var manner = manners[_random.Next(manners.Count)];
        var isKeyed = manner is RequestManner.UntilAcknowledged or RequestManner.GivenUp or RequestManner.TwiceAtOnce
            || (manner == RequestManner.BrokenOff && _random.Next(2) == 0);
        var points = new List<GeneratedPoint>();
        var metrics = LoadMetrics.Stamped.Concat(LoadMetrics.Plain).ToArray();
        _random.Shuffle(metrics);
        foreach (var metric in metrics.Take(_random.Next(2, 5)))
        {
            AddPoints(points, metric, $"request={id}", _random.Next(1, 4));
            AddPoints(points, metric, $"client={client}", _random.Next(1, 3));
        }

        if (_random.Next(3) == 0)
        {
            var age = LoadMetrics.AllowedLateness + LoadMetrics.WindowSize - TimeSpan.FromMilliseconds(_random.Next(-2_000, 8_000));
            points.Add(new GeneratedPoint(LoadMetrics.Border, $"request={id}", Value(), (clock() - age).ToUnixTimeMilliseconds()));
        }

        var request = new SentRequest(id, manner, isJson: _random.Next(2) == 0, points)
        {
            Key = isKeyed ? string.Create(CultureInfo.InvariantCulture, $"client-{client}-request-{id}") : null,
        };
        requests.Add(request);
        return request;
    }

    private void AddPoints(List<GeneratedPoint> points, string metric, string series, int count)
    {
        for (var i = 0; i < count; i++)
        {
            long? time = LoadMetrics.IsStamped(metric)
                ? (clock() + TimeSpan.FromMilliseconds(_random.Next(-90_000, 5_000))).ToUnixTimeMilliseconds()
                : null;
            points.Add(new GeneratedPoint(metric, series, Value(), time));
        }
    }

    private long Value() => _random.Next(1, 1_000);
}
