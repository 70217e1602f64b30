namespace OrleansMetrics.Contracts.Windows;

/// <summary>A window that was not imported because something is wrong with it.</summary>
/// <param name="Series">Index of the series in the import.</param>
/// <param name="Window">Index of the window in the series.</param>
/// <param name="Reason">A word for machines: <c>not_final</c>, <c>no_sketch</c> or <c>invalid</c>.</param>
/// <param name="Message">Why, for people.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.RefusedWindow")]
public readonly record struct RefusedWindow(
    [property: Id(0)] int Series, [property: Id(1)] int Window, [property: Id(2)] string Reason, [property: Id(3)] string Message);
