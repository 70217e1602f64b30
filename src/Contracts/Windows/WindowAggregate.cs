namespace OrleansMetrics.Contracts.Windows;

/// <summary>The aggregate of a series' points in one tumbling window, aligned to the Unix epoch.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.WindowAggregate")]
public sealed record WindowAggregate
{
    /// <summary>First instant of the window, inclusive.</summary>
    [Id(0)] public required DateTimeOffset Start { get; init; }

    /// <summary>End of the window, exclusive.</summary>
    [Id(1)] public required DateTimeOffset End { get; init; }

    /// <summary>True when the watermark has passed the end by the allowed lateness: only late points change the window from now on, see <see cref="Revision"/>.</summary>
    [Id(2)] public required bool Final { get; init; }

    /// <summary>Points.</summary>
    [Id(3)] public required long Count { get; init; }

    /// <summary>Sum of the values.</summary>
    [Id(4)] public required double Sum { get; init; }

    /// <summary>Least value.</summary>
    [Id(5)] public required double Min { get; init; }

    /// <summary>Greatest value.</summary>
    [Id(6)] public required double Max { get; init; }

    /// <summary>Sum divided by count.</summary>
    [Id(7)] public required double Mean { get; init; }

    /// <summary>The value with the latest event time; of equal times the one later in the log.</summary>
    [Id(8)] public required double Last { get; init; }

    /// <summary>Event time of <see cref="Last"/>.</summary>
    [Id(9)] public required DateTimeOffset LastUpdated { get; init; }

    /// <summary>The configured quantiles, in ascending order of probability; relative error at most 1.1 % unless the sketch had to downscale.</summary>
    [Id(10)] public required QuantileValue[] Quantiles { get; init; }

    /// <summary>
    /// How many of the points came after the window was final; 0: it was not corrected. Known while windows are read as they came: a rollup has late
    /// points in it, but not how many they were.
    /// </summary>
    [Id(11)] public long Revision { get; init; }

    /// <summary>Of a set: how many different elements there were, estimated with a standard error of 1.6 %; null for other kinds. Of a set no other number but <see cref="Count"/> means anything.</summary>
    [Id(13)] public long? Distinct { get; init; }

    /// <summary>Of a counter: increments per second over the whole length of the window, also while it is open. It says nothing of other kinds.</summary>
    public double Rate => Sum / (End - Start).TotalSeconds;
}
