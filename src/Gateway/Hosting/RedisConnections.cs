using System.Collections.Concurrent;
using StackExchange.Redis;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Connections to Redis that Orleans' providers of this process share: one per connection string. The log has its own.</summary>
public sealed class RedisConnections : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<IConnectionMultiplexer>>> _connections = new(StringComparer.Ordinal);

    /// <summary>
    /// The connection for a string. Does not fail when Redis cannot be reached: commands do, until it can.
    /// </summary>
    public Task<IConnectionMultiplexer> GetAsync(string connectionString) => _connections.GetOrAdd(
        connectionString, static text => new Lazy<Task<IConnectionMultiplexer>>(() => ConnectAsync(text))).Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections.Values)
        {
            await (await connection.Value).DisposeAsync();
        }

        _connections.Clear();
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(string text)
    {
        var options = ConfigurationOptions.Parse(text);
        options.AbortOnConnectFail = false;
        return await ConnectionMultiplexer.ConnectAsync(options);
    }
}
