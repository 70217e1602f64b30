using Microsoft.Extensions.Logging;
using OrleansMetrics.Streams.PointLog;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis;

/// <summary>Whether the servers can keep a log at all, and what of it they keep when they stop.</summary>
internal static class ServerCheck
{
    private static readonly Version Oldest = new(6, 2);

    /// <summary>The lowest version among the masters.</summary>
    /// <exception cref="InvalidOperationException">A server is too old, removes keys when it is full, or does not keep what <see cref="LogSync.Full"/> promises.</exception>
    public static async Task<Version> CheckAsync(IConnectionMultiplexer multiplexer, string servers, LogSync sync, ILogger logger)
    {
        var masters = multiplexer.GetServers().Where(static server => server is { IsConnected: true, IsReplica: false, ServerType: not ServerType.Sentinel }).ToList();
        if (masters.Count == 0)
        {
            throw new InvalidOperationException($"Redis at {servers}: no master is connected.");
        }

        foreach (var server in masters)
        {
            if (server.Version < Oldest)
            {
                throw new InvalidOperationException($"Redis at {servers} has version {server.Version}; the point log needs {Oldest} or newer.");
            }

            var info = (await server.InfoAsync().ConfigureAwait(false)).SelectMany(static section => section)
                .GroupBy(static pair => pair.Key).ToDictionary(static group => group.Key, static group => group.First().Value);
            if (!info.ContainsKey("run_id"))
            {
                throw new InvalidOperationException($"Redis at {servers} does not tell its run_id in INFO, by which a restart is noticed.");
            }

            CheckEviction(servers, info);
            var appendOnly = info.GetValueOrDefault("aof_enabled") == "1";
            if (!appendOnly)
            {
                RedisPointLogMessages.NotDurable(logger, servers);
            }

            if (sync == LogSync.Full)
            {
                await CheckSyncAsync(server, servers, appendOnly, logger).ConfigureAwait(false);
            }
        }

        return masters.Min(static server => server.Version)!;
    }

    private static void CheckEviction(string servers, Dictionary<string, string> info)
    {
        var policy = info.GetValueOrDefault("maxmemory_policy", "");
        if (info.GetValueOrDefault("maxmemory", "0") != "0" && policy.StartsWith("allkeys", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                $"Redis at {servers} removes any key when its memory is full (maxmemory-policy {policy}): it would remove points. Set noeviction.");
        }
    }

    private static async Task CheckSyncAsync(IServer server, string servers, bool appendOnly, ILogger logger)
    {
        string? fsync = null;
        try
        {
            fsync = (await server.ConfigGetAsync("appendfsync").ConfigureAwait(false)).Select(static pair => pair.Value).FirstOrDefault();
        }
        catch (RedisServerException)
        {
            // Managed servers often have no CONFIG.
        }

        if (!appendOnly || fsync is not (null or "always"))
        {
            throw new InvalidOperationException(
                $"Log:Sync is Full, but Redis at {servers} has appendonly {(appendOnly ? "yes" : "no")} and appendfsync {fsync}. Set appendonly yes and appendfsync always.");
        }

        if (fsync is null)
        {
            RedisPointLogMessages.SyncNotKnown(logger, servers);
        }
    }
}
