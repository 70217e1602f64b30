namespace OrleansMetrics.Cli.Load;

/// <summary>What <c>load</c> was asked for.</summary>
internal sealed record LoadOptions
{
    /// <summary>Lines that are built only so that values vary: 160 MB of bodies.</summary>
    public const long MaxVariedLines = 2_000_000;

    /// <summary>Points to send; <see cref="long.MaxValue"/>: until the duration is over.</summary>
    public required long Points { get; init; }

    public required int LinesPerRequest { get; init; }

    public required int Connections { get; init; }

    public required int Metrics { get; init; }

    /// <summary>Series of each metric.</summary>
    public required int Series { get; init; }

    /// <summary>Values that a series takes in turn, as far as <see cref="MaxVariedLines"/> allows.</summary>
    public required int Values { get; init; }

    /// <summary>Points per second over all connections; 0: as fast as the node takes them.</summary>
    public required long Rate { get; init; }

    /// <summary>No new request after this; zero: no limit.</summary>
    public required TimeSpan Duration { get; init; }

    public required bool Gzip { get; init; }

    public required TimestampMode Timestamps { get; init; }

    /// <summary>Process of the node, for its CPU time; null: found by the port that it listens on.</summary>
    public required int? Pid { get; init; }

    public required bool Verify { get; init; }

    /// <summary>How long the node may take to process what it accepted.</summary>
    public required TimeSpan SettleTime { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Beginning of every request's idempotency key, used by no other load; null: requests have none.</summary>
    public string? KeyPrefix { get; init; }

    /// <summary>Beginning of every metric's name.</summary>
    public required string Prefix { get; init; }

    public required bool Json { get; init; }

    /// <summary>Series of all metrics together.</summary>
    public long TotalSeries => (long)Metrics * Series;

    /// <summary>Lines until bodies repeat: every series at least once.</summary>
    public long DistinctLines => TotalSeries * Math.Clamp(MaxVariedLines / TotalSeries, 1, Values);

    /// <summary>Requests in all, the last one perhaps with fewer lines.</summary>
    public long Requests => Points == long.MaxValue ? long.MaxValue : ((Points - 1) / LinesPerRequest) + 1;
}
