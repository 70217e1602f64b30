namespace OrleansMetrics.Contracts.Windows;

/// <summary>A window with all that history keeps of it, so that it can leave a cluster and come back.</summary>
/// <remarks>Of a set only <see cref="Count"/>, <see cref="LastUpdated"/> and <see cref="Sketch"/> mean anything.</remarks>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.StoredWindow")]
public sealed record StoredWindow
{
    /// <summary>First instant of the window, inclusive.</summary>
    [Id(0)] public required DateTimeOffset Start { get; init; }

    /// <summary>End of the window, exclusive.</summary>
    [Id(1)] public required DateTimeOffset End { get; init; }

    /// <summary>Points.</summary>
    [Id(2)] public required long Count { get; init; }

    /// <summary>Sum of the values.</summary>
    [Id(3)] public double Sum { get; init; }

    /// <summary>Least value.</summary>
    [Id(4)] public double Min { get; init; }

    /// <summary>Greatest value.</summary>
    [Id(5)] public double Max { get; init; }

    /// <summary>The value with the latest event time.</summary>
    [Id(6)] public double Last { get; init; }

    /// <summary>Event time of <see cref="Last"/>.</summary>
    [Id(7)] public required DateTimeOffset LastUpdated { get; init; }

    /// <summary>How many of the points came after the window was final, as far as it is known. Not restored: they are points as others then.</summary>
    [Id(8)] public long Revision { get; init; }

    /// <summary>All values in the order of arrival, as history has them of up to eight points; null: it has <see cref="Sketch"/>.</summary>
    [Id(9)] public double[]? Values { get; init; }

    /// <summary>The sketch of the values, of a set its registers: docs/formats/export.md. Null: there are <see cref="Values"/>, or all are equal.</summary>
    [Id(10)] public byte[]? Sketch { get; init; }
}
