namespace OrleansMetrics.Gateway.Backup;

/// <summary>A line that was refused.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Reason">Why, for machines.</param>
/// <param name="Message">Why, for people.</param>
internal sealed record ImportError(long Line, string Reason, string Message);
