using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Persistence.Sqlite;

internal static partial class SqliteGrainStorageMessages
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The grain state file {Path} failed; the writes of this commit are answered with the error.")]
    public static partial void StoreFailed(ILogger logger, string path, Exception exception);
}
