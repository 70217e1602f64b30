using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Redis.Hosting;

/// <summary>Registers the point log in Redis.</summary>
public static class RedisPointLogServices
{
    /// <summary>
    /// Makes a <see cref="RedisPointLog"/> the process's <see cref="IPointLog"/>. Options come from the sections
    /// <see cref="RedisLogOptions.Section"/> and, as the caller has registered them, <see cref="PointLogOptions"/> and <see cref="PartitionOptions"/>;
    /// a <see cref="TimeProvider"/> must be registered. The log is opened when it is first asked for; that blocks until Redis has answered.
    /// </summary>
    public static IServiceCollection AddRedisPointLog(this IServiceCollection services)
    {
        services.AddOptions<RedisLogOptions>().BindConfiguration(RedisLogOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisLogOptions>, RedisLogOptionsValidator>());
        services.TryAddSingleton<IPointLog>(Open);
        return services;
    }

    // A container cannot await. Nothing else runs yet, and no synchronization context is there to be blocked.
    private static RedisPointLog Open(IServiceProvider provider) => RedisPointLog.OpenAsync(
        provider.GetRequiredService<IOptions<RedisLogOptions>>().Value,
        provider.GetRequiredService<IOptions<PartitionOptions>>().Value.Count,
        provider.GetRequiredService<IOptions<PointLogOptions>>().Value,
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<RedisPointLog>>(),
        CancellationToken.None).GetAwaiter().GetResult();
}
