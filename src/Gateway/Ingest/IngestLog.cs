namespace OrleansMetrics.Gateway.Ingest;

internal static partial class IngestLog
{
    [LoggerMessage(1, LogLevel.Error, "The batcher threw while it took {Points} points; the sender is told that they may have been counted.")]
    public static partial void SubmitThrew(ILogger logger, int points, Exception exception);
}
