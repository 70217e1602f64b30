namespace OrleansMetrics.Streams.Redis.Tests;

/// <summary>A Redis for the tests of a class that leave it running; each has a key prefix of its own.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private RedisServer? _server;

    /// <summary>The server. Skips the running test when there is none.</summary>
    public RedisServer Server
    {
        get
        {
            RedisServer.Require();
            return _server!;
        }
    }

    public async Task InitializeAsync()
    {
        try
        {
            _server = await RedisServer.StartAsync();
        }
        catch (SkipException)
        {
            // Each test says so.
        }
    }

    public Task DisposeAsync()
    {
        _server?.Dispose();
        return Task.CompletedTask;
    }
}
