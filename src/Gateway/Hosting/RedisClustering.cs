using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using StackExchange.Redis;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Settings of Orleans' membership in Redis.</summary>
internal static class RedisClustering
{
    /// <summary>Has Orleans' provider use the process's connection.</summary>
    public static void Configure(IServiceCollection services) => services.AddOptions<RedisClusteringOptions>()
        .Configure<IOptions<ClusteringOptions>, IConfiguration, RedisConnections>(static (redis, clustering, configuration, connections) =>
        {
            var text = RedisSetting.Find(configuration, clustering.Value.ConnectionString) ?? "";
            redis.ConfigurationOptions = ConfigurationOptions.Parse(text);
            redis.CreateMultiplexer = async _ => (await connections.GetAsync(text), IsShared: true);
        });
}
