using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>What an exception of a command says about whether it was executed.</summary>
internal enum RedisFault
{
    /// <summary>It may have been executed, or may still be.</summary>
    Unknown,

    /// <summary>It was not executed; the server may take it later.</summary>
    NotNow,

    /// <summary>It was not executed, because the server has no memory left.</summary>
    OutOfMemory,
}

/// <summary>Sorts exceptions of StackExchange.Redis.</summary>
internal static class RedisFaults
{
    // Answered before the script runs or by its first write. NOPERM is not among them: it may be a later write that is not allowed.
    private static readonly string[] NotNow =
    [
        "LOADING", "READONLY", "MISCONF", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN", "BUSY", "NOAUTH", "WRONGPASS", "MOVED", "ASK", "NOSCRIPT",
    ];

    public static RedisFault Of(Exception exception) => exception switch
    {
        // Redis before 7 wraps what a command in a script answers.
        RedisServerException server when server.Message.Contains("OOM command", StringComparison.Ordinal) => RedisFault.OutOfMemory,
        RedisServerException server when NotNow.Any(code => StartsWith(server.Message, code)) => RedisFault.NotNow,
        RedisConnectionException { CommandStatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog } => RedisFault.NotNow,
        _ => RedisFault.Unknown,
    };

    public static bool IsNoScript(RedisServerException exception) => StartsWith(exception.Message, "NOSCRIPT");

    /// <summary>Whether another server may be the master by now.</summary>
    public static bool HasNoMaster(Exception exception) => exception is RedisConnectionException
        || (exception is RedisServerException && (StartsWith(exception.Message, "READONLY") || StartsWith(exception.Message, "CLUSTERDOWN")));

    private static bool StartsWith(string message, string code) => message.StartsWith(code, StringComparison.Ordinal);
}
