using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>The process's one connection to Redis, the keys of the partitions, and how far each is known to reach.</summary>
internal sealed class RedisStore : IAsyncDisposable
{
    private const int SchemaVersion = 1;

    private readonly ConnectionMultiplexer _multiplexer;
    private readonly RedisLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDatabase _database;
    private readonly PartitionKeys[] _keys;

    // The highest position that each partition's log had when this process last looked: a log that ends before it has lost its tail.
    private readonly long[] _floors;
    private readonly Lock _reconfiguring = new();
    private Task _reconfigured = Task.CompletedTask;

    private RedisStore(ConnectionMultiplexer multiplexer, RedisLogOptions options, int partitions, TimeProvider time, ILogger logger)
    {
        _multiplexer = multiplexer;
        _options = options;
        _time = time;
        _logger = logger;
        _database = multiplexer.GetDatabase();
        _floors = new long[partitions];
        _keys = new PartitionKeys[partitions];
        for (var partition = 0; partition < partitions; partition++)
        {
            _keys[partition] = new PartitionKeys(options.KeyPrefix, partition);
        }
    }

    /// <summary>A connection was made anew, perhaps to a server that was restarted.</summary>
    public event Action? Reconnected;

    public int Partitions => _keys.Length;

    public IDatabase Database => _database;

    public ISubscriber Subscriber => _multiplexer.GetSubscriber();

    /// <summary>Connects, creates the log or verifies that it is the one meant.</summary>
    /// <exception cref="InvalidOperationException">Redis cannot be reached or used, or holds a log of another shape; the message says which.</exception>
    public static async Task<RedisStore> OpenAsync(
        RedisLogOptions options, int partitions, LogSync sync, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var configuration = Configure(options);
        var servers = string.Join(", ", configuration.EndPoints.Select(ToText));
        ConnectionMultiplexer? multiplexer = null;
        try
        {
            multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration).WaitAsync(cancellationToken).ConfigureAwait(false);
            var version = await ServerCheck.CheckAsync(multiplexer, servers, sync, logger).ConfigureAwait(false);
            var store = new RedisStore(multiplexer, options, partitions, time, logger);
            await store.OpenPartitionsAsync().ConfigureAwait(false);
            multiplexer.ConnectionRestored += (_, _) => store.Reconnected?.Invoke();
            RedisPointLogMessages.Opened(logger, options.KeyPrefix, version, servers, partitions);
            return store;
        }
        catch (Exception exception)
        {
            if (multiplexer is not null)
            {
                await multiplexer.DisposeAsync().ConfigureAwait(false);
            }

            if (exception is RedisException or TimeoutException)
            {
                throw new InvalidOperationException(
                    $"Redis at {servers} ({RedisLogOptions.Section}:{nameof(RedisLogOptions.ConnectionString)}) cannot be used: {exception.Message}", exception);
            }

            throw;
        }
    }

    public PartitionKeys Keys(int partition) => _keys[partition];

    public long Floor(int partition) => Volatile.Read(ref _floors[partition]);

    /// <summary>Tells that the partition's log reaches this position.</summary>
    public void Reaches(int partition, long position)
    {
        ref var floor = ref _floors[partition];
        for (var known = Volatile.Read(ref floor); known < position;)
        {
            var found = Interlocked.CompareExchange(ref floor, position, known);
            if (found == known)
            {
                return;
            }

            known = found;
        }
    }

    /// <summary>Runs a script, with its text when the server does not know it yet.</summary>
    public async Task<RedisResult> RunAsync(LogScript script, RedisKey[] keys, params RedisValue[] values)
    {
        const CommandFlags flags = CommandFlags.DemandMaster | CommandFlags.NoScriptCache;
        try
        {
            return await WithinTime(_database.ScriptEvaluateAsync(script.Hash, keys, values, flags)).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (RedisFaults.IsNoScript(exception))
        {
            return await WithinTime(_database.ScriptEvaluateAsync(script.Text, keys, values, flags)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Creates what is missing, verifies what is there, and has partitions go on behind a gap that may have lost their tail.
    /// Idempotent.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another version or number of partitions.</exception>
    public async Task OpenPartitionsAsync()
    {
        var meta = (RedisValue[])(await RunAsync(LogScript.Create, [$"{{{_options.KeyPrefix}}}:meta"], SchemaVersion, Partitions).ConfigureAwait(false))!;
        if (meta[0] != SchemaVersion)
        {
            throw new InvalidOperationException(
                $"The point log '{_options.KeyPrefix}' in Redis has schema version {meta[0]}; this version of OrleansMetrics knows version {SchemaVersion}.");
        }

        if (meta[1] != Partitions)
        {
            throw new InvalidOperationException(
                $"The point log '{_options.KeyPrefix}' in Redis was created with {meta[1]} partitions and cannot be opened with {Partitions}: " +
                "the number of partitions is fixed when a cluster is created.");
        }

        await Task.WhenAll(Enumerable.Range(0, Partitions).Select(OpenPartitionAsync)).ConfigureAwait(false);
    }

    /// <summary>
    /// Finds out again which servers are masters: the one that was known cannot be reached or refuses to write. The client by itself
    /// looks once a minute only. Those that ask at the same time share an attempt.
    /// </summary>
    public Task ReconfigureAsync()
    {
        lock (_reconfiguring)
        {
            if (_reconfigured.IsCompleted)
            {
                _reconfigured = TryReconfigureAsync();
            }

            return _reconfigured;
        }
    }

    /// <summary>Logs a gap that a script has written.</summary>
    public void ReportGap(int partition, long lastBefore, long position) => RedisPointLogMessages.Gap(_logger, partition, lastBefore, position);

    public ValueTask DisposeAsync() => _multiplexer.DisposeAsync();

    private static ConfigurationOptions Configure(RedisLogOptions options)
    {
        var configuration = ConfigurationOptions.Parse(options.ConnectionString);

        // A first connection that fails is an error of ConnectAsync; later ones are repeated for ever. Commands are not queued meanwhile:
        // the log decides what waits and for how long.
        configuration.AbortOnConnectFail = true;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new ExponentialRetry(100, 2_000);
        configuration.HeartbeatInterval = TimeSpan.FromMilliseconds(500); // finds timeouts and starts reconnects
        configuration.ConnectTimeout = (int)options.ConnectTimeout.TotalMilliseconds;
        configuration.AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration.AllowAdmin = true; // for CONFIG GET
        configuration.ClientName ??= "orleans-metrics";
        return configuration;
    }

    private static string ToText(System.Net.EndPoint endPoint) => endPoint is System.Net.DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endPoint.ToString() ?? "";

    private async Task OpenPartitionAsync(int partition)
    {
        var reply = ((string)(await RunAsync(LogScript.Open, _keys[partition].LogAndHead, Floor(partition)).ConfigureAwait(false))!).Split(' ');
        var (position, lastBefore) = (Invariant.Int64(reply[0]), Invariant.Int64(reply[1]));
        Reaches(partition, position);
        if (lastBefore >= 0)
        {
            ReportGap(partition, lastBefore, position);
        }
    }

    private async Task TryReconfigureAsync()
    {
        try
        {
            await _multiplexer.ConfigureAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            RedisPointLogMessages.NotReconfigured(_logger, exception);
        }
    }

    // The client's own timeout does not cover a command that waits to be written to a connection that takes nothing.
    private Task<RedisResult> WithinTime(Task<RedisResult> command) =>
        command.IsCompleted ? command : command.WaitAsync(_options.CommandTimeout * 2, _time);
}
