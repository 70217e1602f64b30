using System.Reflection;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Gateway.Hosting;
using OrleansMetrics.Grains.Hosting;
using OrleansMetrics.Persistence.AzureStorage;
using OrleansMetrics.Persistence.Sqlite;
using OrleansMetrics.Silo.Hosting;
using OrleansMetrics.Streams.Hosting;
using OrleansMetrics.Streams.Redis;

namespace OrleansMetrics.Silo.Tests.Architecture;

public sealed class DependencyTests
{
    private static readonly Assembly Contracts = typeof(PointBatch).Assembly;
    private static readonly Assembly Streams = typeof(BatchingServices).Assembly;
    private static readonly Assembly Grains = typeof(AggregationServices).Assembly;
    private static readonly Assembly Gateway = typeof(GatewayExtensions).Assembly;
    private static readonly Assembly StreamsRedis = typeof(RedisPointLog).Assembly;
    private static readonly Assembly PersistenceAzure = typeof(AzureBlobGrainStorage).Assembly;
    private static readonly Assembly Persistence = typeof(SqliteGrainStorage).Assembly;
    private static readonly Assembly Silo = typeof(StandaloneNode).Assembly;

    public static TheoryData<string, string[]> Allowed => new()
    {
        { Contracts.GetName().Name!, [] },
        { Streams.GetName().Name!, ["Contracts"] },
        { Grains.GetName().Name!, ["Contracts", "Streams"] },
        { StreamsRedis.GetName().Name!, ["Contracts", "Streams"] },
        { Gateway.GetName().Name!, ["Contracts", "Streams", "Streams.Redis"] },
        { PersistenceAzure.GetName().Name!, [] },
        { Persistence.GetName().Name!, [] },
        { Silo.GetName().Name!, ["Contracts", "Streams", "Streams.Redis", "Grains", "Gateway", "Persistence.Sqlite", "Persistence.AzureStorage"] },
        { "OrleansMetrics.ClientApp", ["Contracts"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Dependencies_point_one_way(string assembly, string[] allowed) => Assert.Empty(
        References(Assembly.Load(assembly)).Where(static name => name.StartsWith("OrleansMetrics.", StringComparison.Ordinal))
            .Except(allowed.Select(static name => $"OrleansMetrics.{name}")));

    [Fact]
    public void Contracts_streams_and_grains_know_no_web_server() =>
        AssertFree("Microsoft.AspNetCore", Contracts, Streams, Grains, Persistence);

    [Fact]
    public void Redis_and_azure_appear_only_at_the_edges()
    {
        Assembly[] inner = [Contracts, Grains, Streams, Persistence];
        AssertFree("StackExchange.Redis", inner);
        AssertFree("Azure.", inner);
        AssertFree("Microsoft.Azure", inner);
        Assert.DoesNotContain(inner.SelectMany(References), static name => name.Contains("Redis", StringComparison.OrdinalIgnoreCase));
        AssertFree("Azure.", Gateway, StreamsRedis);

        // The gateway knows Redis where it is wired up, and nowhere else.
        Assert.All(
            Repository.Sources(Path.Combine(Repository.Root, "src", "Gateway")).Where(static file => File.ReadAllText(file).Contains("Redis;", StringComparison.Ordinal)),
            static file => Assert.Equal("Hosting", Path.GetFileName(Path.GetDirectoryName(file))));
    }

    [Fact]
    public void Sqlite_is_known_to_the_log_and_the_storage_only() => AssertFree("Microsoft.Data.Sqlite", Contracts, Grains, Gateway, StreamsRedis);

    [Fact]
    public void Contracts_need_the_orleans_sdk_only() => Assert.DoesNotContain(
        References(Contracts), static name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not
            ("Orleans.Core.Abstractions" or "Orleans.Serialization" or "Orleans.Serialization.Abstractions" or "netstandard"));

    [Fact]
    public void Aggregation_is_free_of_orleans() => Assert.DoesNotContain(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Grains", "Aggregation"), "*.cs", SearchOption.AllDirectories),
        static file => File.ReadLines(file).Any(static line => line.StartsWith("using Orleans", StringComparison.Ordinal)
            && !line.StartsWith("using OrleansMetrics.", StringComparison.Ordinal)));

    private static void AssertFree(string prefix, params Assembly[] assemblies) => Assert.All(
        assemblies, assembly => Assert.DoesNotContain(References(assembly), name => name.StartsWith(prefix, StringComparison.Ordinal)));

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(static name => name.Name!);
}
