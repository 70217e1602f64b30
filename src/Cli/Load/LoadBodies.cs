namespace OrleansMetrics.Cli.Load;

/// <summary>
/// All bodies of a load. Request <c>r</c> belongs to connection <c>r mod K</c>, and each connection repeats its own bodies in order, so that
/// what is sent does not depend on how fast each connection is. Together the bodies hold every series at least once, if enough points are sent.
/// </summary>
internal sealed class LoadBodies
{
    private readonly LoadOptions _options;
    private readonly LoadBody[] _bodies;
    private readonly LoadBody? _last;

    private LoadBodies(LoadOptions options, LoadBody[] bodies, LoadBody? last)
    {
        _options = options;
        _bodies = bodies;
        _last = last;
    }

    /// <summary>Every body.</summary>
    public IEnumerable<LoadBody> All => _last is null ? _bodies : [.. _bodies, _last];

    /// <summary>How many full bodies a load needs.</summary>
    public static long CountFor(LoadOptions options)
    {
        var forAllLines = ((options.DistinctLines - 1) / options.LinesPerRequest) + 1;
        var perConnection = ((forAllLines - 1) / options.Connections) + 1;
        var fullRequests = options.Points == long.MaxValue ? long.MaxValue : options.Points / options.LinesPerRequest;
        return Math.Min(perConnection * options.Connections, fullRequests);
    }

    /// <summary>Builds the bodies.</summary>
    public static LoadBodies Build(LoadOptions options, LoadPattern pattern, CancellationToken cancellationToken = default)
    {
        var bodies = new LoadBody[CountFor(options)];
        for (var i = 0; i < bodies.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bodies[i] = LoadBody.Build(pattern, (long)i * options.LinesPerRequest, options.LinesPerRequest, options.Timestamps, options.Gzip);
        }
        var remainder = options.Points == long.MaxValue ? 0 : (int)(options.Points % options.LinesPerRequest);
        var last = remainder == 0
            ? null
            : LoadBody.Build(pattern, (long)bodies.Length * options.LinesPerRequest, remainder, options.Timestamps, options.Gzip);
        return new LoadBodies(options, bodies, last);
    }

    /// <summary>The body of a request.</summary>
    public LoadBody For(long request)
    {
        if (_last is not null && request == _options.Requests - 1)
        {
            return _last;
        }
        // Whole rounds of K bodies: connection c has the bodies c, c + K, c + 2K… A count that is no multiple of K is that of a load so
        // short that no body repeats.
        return _bodies[request % _bodies.Length];
    }
}
