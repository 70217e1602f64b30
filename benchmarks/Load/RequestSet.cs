namespace OrleansMetrics.Benchmarks.Load;

/// <summary>
/// All requests of a load. Each connection has its own, in order, and repeats them; together they hold every series at least once.
/// </summary>
internal sealed class RequestSet
{
    private readonly EncodedRequest[][] _byConnection;

    private RequestSet(LoadShape shape, EncodedRequest[][] byConnection)
    {
        Shape = shape;
        _byConnection = byConnection;
    }

    /// <summary>What they were made from.</summary>
    public LoadShape Shape { get; }

    /// <summary>Lines until they repeat.</summary>
    public long DistinctLines => _byConnection.Sum(static requests => requests.Sum(static request => (long)request.Lines));

    /// <summary>Bytes of a line, on average.</summary>
    public double BytesPerLine => _byConnection.Sum(static requests => requests.Sum(static request => (double)request.Body.Length)) / DistinctLines;

    /// <summary>The requests of a connection, in the order in which it sends them.</summary>
    public IReadOnlyList<EncodedRequest> Of(int connection) => _byConnection[connection];

    /// <summary>Encodes them: 80 MB per million series.</summary>
    public static RequestSet Build(LoadShape shape)
    {
        var pattern = new LinePattern(shape);
        var lines = Math.Max(shape.TotalSeries, shape.LeastLines);
        var perConnection = (int)Math.Ceiling(lines / (double)shape.LinesPerRequest / shape.Connections);
        return new RequestSet(shape, [.. Enumerable.Range(0, shape.Connections).Select(connection => Enumerable.Range(0, perConnection)
            .Select(number => EncodedRequest.Build(pattern, ((number * (long)shape.Connections) + connection) * shape.LinesPerRequest, shape.LinesPerRequest))
            .ToArray())]);
    }
}
