namespace OrleansMetrics.Contracts.Windows;

/// <summary>What a series has seen since its first point, across restarts. Late points are not in it.</summary>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.SeriesTotal")]
public sealed record SeriesTotal
{
    /// <summary>Points.</summary>
    [Id(0)] public required long Count { get; init; }

    /// <summary>Sum of the values.</summary>
    [Id(1)] public required double Sum { get; init; }

    /// <summary>Least value.</summary>
    [Id(2)] public required double Min { get; init; }

    /// <summary>Greatest value.</summary>
    [Id(3)] public required double Max { get; init; }
}
