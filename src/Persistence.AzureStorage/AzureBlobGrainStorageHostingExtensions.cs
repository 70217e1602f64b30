using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.AzureStorage;

/// <summary>Registers grain storage on Azure Blob storage. The methods are those of Orleans' own provider.</summary>
public static class AzureBlobGrainStorageHostingExtensions
{
    /// <summary>Makes Azure Blob storage the default grain storage.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(this ISiloBuilder builder, Action<AzureBlobStorageOptions> configureOptions) =>
        builder.AddAzureBlobGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Makes Azure Blob storage the default grain storage.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(
        this ISiloBuilder builder, Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null) =>
        builder.AddAzureBlobGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Adds a grain storage provider on Azure Blob storage. Options are validated when the silo starts.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The provider's name, as in <c>[PersistentState(…, name)]</c>.</param>
    /// <param name="configureOptions">Sets at least <see cref="AzureBlobStorageOptions.BlobServiceClient"/>.</param>
    public static ISiloBuilder AddAzureBlobGrainStorage(this ISiloBuilder builder, string name, Action<AzureBlobStorageOptions> configureOptions) =>
        builder.AddAzureBlobGrainStorage(name, options => options.Configure(configureOptions));

    /// <summary>Adds a grain storage provider on Azure Blob storage. Options are validated when the silo starts.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The provider's name, as in <c>[PersistentState(…, name)]</c>.</param>
    /// <param name="configureOptions">Sets at least <see cref="AzureBlobStorageOptions.BlobServiceClient"/>; may use services.</param>
    public static ISiloBuilder AddAzureBlobGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null)
    {
        var options = builder.Services.AddOptions<AzureBlobStorageOptions>(name);
        configureOptions?.Invoke(options);
        options.ValidateOnStart();
        builder.Services.AddTransient<IPostConfigureOptions<AzureBlobStorageOptions>, DefaultStorageProviderSerializerOptionsConfigurator<AzureBlobStorageOptions>>();
        builder.Services.AddSingleton<IValidateOptions<AzureBlobStorageOptions>>(new AzureBlobStorageOptionsValidator(name));
        builder.Services.AddGrainStorage(name, Create);
        return builder;
    }

    private static AzureBlobGrainStorage Create(IServiceProvider services, string name) => new(
        name,
        services.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>().Get(name),
        services.GetRequiredService<IActivatorProvider>(),
        services.GetRequiredService<ILogger<AzureBlobGrainStorage>>());
}
