namespace OrleansMetrics.Gateway.Backup;

/// <summary>What became of the windows of a request.</summary>
/// <param name="Imported">Windows that history has now.</param>
/// <param name="AlreadyThere">Windows whose series has windows at that time already.</param>
/// <param name="Expired">Windows older than anything that is kept of the metric.</param>
/// <param name="Rejected">Lines that were refused.</param>
internal sealed record ImportAnswer(long Imported, long AlreadyThere, long Expired, long Rejected);
