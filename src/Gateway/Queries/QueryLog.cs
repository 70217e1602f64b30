namespace OrleansMetrics.Gateway.Queries;

internal static partial class QueryLog
{
    [LoggerMessage(1, LogLevel.Warning, "The cluster did not answer a query of {Path}.")]
    public static partial void ClusterUnavailable(ILogger logger, Exception exception, PathString path);

    [LoggerMessage(2, LogLevel.Warning, "An answer of {Path} failed after its start; the connection was aborted.")]
    public static partial void AnswerAborted(ILogger logger, Exception exception, PathString path);
}
