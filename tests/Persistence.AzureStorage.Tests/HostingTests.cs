using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.AzureStorage.Tests;

public sealed class HostingTests
{
    [Fact]
    public void A_silo_registers_the_provider_by_name_and_as_default_with_orleans_json()
    {
        using var host = Build(silo => silo
            .AddAzureBlobGrainStorage("azure", options => options.BlobServiceClient = Azurite.Connect(port: 1))
            .AddAzureBlobGrainStorageAsDefault(options => options.Configure(o => o.BlobServiceClient = Azurite.Connect(port: 1))));

        Assert.IsType<AzureBlobGrainStorage>(host.Services.GetRequiredKeyedService<IGrainStorage>("azure"));
        Assert.IsType<AzureBlobGrainStorage>(host.Services.GetRequiredService<IGrainStorage>());
        var options = host.Services.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>().Get("azure");
        Assert.IsType<JsonGrainStorageSerializer>(options.GrainStorageSerializer);
        Assert.Equal(("grainstate", true, ServiceLifecycleStage.ApplicationServices), (options.ContainerName, options.DeleteStateOnClear, options.InitStage));
    }

    [Fact]
    public void A_serializer_registered_under_the_providers_name_is_used()
    {
        using var host = Build(silo => silo
            .AddAzureBlobGrainStorage("azure", options => options.BlobServiceClient = Azurite.Connect(port: 1))
            .Services.AddKeyedSingleton<IGrainStorageSerializer, OrleansGrainStorageSerializer>("azure"));

        var options = host.Services.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>();

        Assert.IsType<OrleansGrainStorageSerializer>(options.Get("azure").GrainStorageSerializer);
        Assert.IsType<JsonGrainStorageSerializer>(options.Get("other").GrainStorageSerializer);
    }

    [Fact]
    public void All_options_that_are_wrong_are_reported_at_once()
    {
        using var host = Build(silo => silo
            .AddAzureBlobGrainStorage("azure", options => options.ContainerName = "Grain--State")
            .AddAzureBlobGrainStorage("other", options => options.BlobServiceClient = Azurite.Connect(port: 1)));

        var error = Assert.Throws<OptionsValidationException>(() => host.Services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(2, error.Failures.Count());
        Assert.All(error.Failures, failure => Assert.StartsWith("Azure Blob grain storage 'azure': ", failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("abc", true)]
    [InlineData("a1-b2-c3", true)]
    [InlineData("ab", false)]
    [InlineData("a--b", false)]
    [InlineData("-abc", false)]
    [InlineData("abc-", false)]
    [InlineData("abc\n", false)]
    [InlineData("a_b", false)]
    [InlineData("", false)]
    public void A_containers_name_follows_the_rules_of_the_service(string container, bool valid)
    {
        var result = new AzureBlobStorageOptionsValidator("azure").Validate("azure", new AzureBlobStorageOptions { ContainerName = container });

        Assert.Equal(valid, !result.Failures!.Any(failure => failure.Contains("ContainerName", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=account;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net", true)]
    [InlineData("https://account.blob.core.windows.net/?sv=2024-11-04&ss=b&srt=sco&sp=rwdlac&sig=c2VjcmV0", false)]
    [InlineData("https://account.blob.core.windows.net", false)]
    public void A_client_is_made_from_key_signature_or_identity(string connection, bool hasKey)
    {
        var client = AzureBlobService.Connect(connection);

        Assert.Equal(("account", "account.blob.core.windows.net", hasKey), (client.AccountName, client.Uri.Host, client.CanGenerateAccountSasUri));
    }

    [Theory]
    [InlineData("AccountName;c2VjcmV0")]
    [InlineData("c2VjcmV0")]
    [InlineData("http://c2VjcmV0.blob.core.windows.net")]
    [InlineData(" ")]
    public void What_is_no_connection_is_refused_without_being_shown(string connection) =>
        Assert.DoesNotContain("c2VjcmV0", Assert.ThrowsAny<ArgumentException>(() => AzureBlobService.Connect(connection)).Message, StringComparison.Ordinal);

    private static IHost Build(Action<ISiloBuilder> configure)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => configure(silo.UseLocalhostClustering()));
        return builder.Build();
    }
}
