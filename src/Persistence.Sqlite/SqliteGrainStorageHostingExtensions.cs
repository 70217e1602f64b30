using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration.Overrides;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>Registers grain storage on SQLite.</summary>
public static class SqliteGrainStorageHostingExtensions
{
    /// <summary>Adds a grain storage provider on SQLite. Options are validated when the silo starts.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The provider's name, as in <c>[PersistentState(…, name)]</c>.</param>
    /// <param name="configure">Sets at least <see cref="SqliteGrainStorageOptions.Path"/>.</param>
    public static ISiloBuilder AddSqliteGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<SqliteGrainStorageOptions>> configure)
    {
        var options = builder.Services.AddOptions<SqliteGrainStorageOptions>(name);
        configure(options);
        options.PostConfigure<Serializer>((configured, serializer) =>
            configured.GrainStorageSerializer ??= new OrleansGrainStorageSerializer(serializer));
        options.ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<SqliteGrainStorageOptions>>(new SqliteGrainStorageOptionsValidator(name));
        builder.Services.AddGrainStorage(name, Create);
        return builder;
    }

    private static SqliteGrainStorage Create(IServiceProvider services, string name) => new(
        name,
        services.GetProviderClusterOptions(name).Value.ServiceId,
        services.GetRequiredService<IOptionsMonitor<SqliteGrainStorageOptions>>().Get(name),
        services.GetRequiredService<IActivatorProvider>(),
        services.GetRequiredService<ILogger<SqliteGrainStorage>>());
}
