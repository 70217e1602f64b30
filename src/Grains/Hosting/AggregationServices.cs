using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Flush;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Grains.Telemetry;
using OrleansMetrics.Grains.Windows;

namespace OrleansMetrics.Grains.Hosting;

/// <summary>Registers what the grains need from the silo's services.</summary>
public static class AggregationServices
{
    /// <summary>
    /// Adds options (<c>Windows</c>, <c>Series</c>, <c>History</c>, <c>Flush</c>), statistics, instruments and placement. The silo provides besides: the point log, the
    /// streams over it, the storage <see cref="GrainStorageNames.Snapshots"/> and reminders.
    /// </summary>
    public static IServiceCollection AddAggregation(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<WindowOptions>().Bind(configuration.GetSection("Windows")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WindowOptions>, WindowOptions.Validator>();
        services.AddOptions<FlushOptions>().Bind(configuration.GetSection("Flush")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<FlushOptions>, FlushOptions.Validator>();
        services.AddOptions<SeriesOptions>().Bind(configuration.GetSection("Series")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SeriesOptions>, SeriesOptions.Validator>();
        services.AddSingleton(static provider => provider.GetRequiredService<IOptions<WindowOptions>>().Value.ToSettings() with
        {
            Series = provider.GetRequiredService<IOptions<SeriesOptions>>().Value.ToLimits(),
        });
        services.AddOptions<HistoryOptions>().Bind(configuration.GetSection("History")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<HistoryOptions>, HistoryOptions.Validator>();
        services.AddSingleton<HistoryPolicy>();
        services.AddSingleton<HistoryWorkSlots>();
        services.AddSingleton<ChunkStores>();
        services.AddSingleton<ChunkCache>();
        services.AddSingleton<SiloStatistics>();
        services.AddSingleton<LocalAggregators>();
        services.AddSingleton<SeriesBudget>();
        services.AddSingleton<KindConflicts>();
        services.AddSingleton<GrainsInstruments>();
        services.AddPartitionPlacement();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        return services;
    }
}
