namespace OrleansMetrics.Streams.Redis;

/// <summary>Where the point log lies in Redis; configuration section <see cref="Section"/>.</summary>
public sealed class RedisLogOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "RedisLog";

    /// <summary>
    /// Servers and settings as StackExchange.Redis writes them: <c>host:6379,password=…,ssl=true</c>; with several of a cluster or
    /// <c>serviceName=…</c> for Sentinel. No default.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>What the names of all keys begin with: 1 to 64 characters, no braces. Logs with different prefixes share a server. Default <c>orleans-metrics</c>.</summary>
    public string KeyPrefix { get; set; } = "orleans-metrics";

    /// <summary>How long a start waits for the first connection. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a command waits for its answer before it is repeated or given up. Default 2 s.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long an append whose answer was lost, or that Redis could not take, is repeated before it is given up. From then until Redis
    /// answers again, appends are refused at once. Default 5 s.
    /// </summary>
    public TimeSpan RetryTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A process is told of new records at most so often; what comes meanwhile is read together, of all partitions. 0 to 1 s, 0: each is told at once.
    /// Default 50 ms.
    /// </summary>
    public TimeSpan WakeInterval { get; set; } = TimeSpan.FromMilliseconds(50);
}
