using System.Globalization;
using System.Text.RegularExpressions;
using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Topology.Deployment;

/// <summary>What `docker compose config` and a look at the file would tell: there is no Docker where the tests run.</summary>
public sealed class ComposeFileTests
{
    // docs.docker.com/reference/compose-file: what the file uses of a service's attributes.
    private static readonly string[] ServiceAttributes =
    [
        "build", "cap_drop", "command", "depends_on", "deploy", "environment", "env_file", "healthcheck", "image", "networks", "ports", "read_only", "restart",
        "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
    ];

    private readonly ComposeFile _file = new();

    [Fact]
    public void The_topology_is_redis_azurite_three_silos_two_gateways_and_a_balancer() => Assert.Equal(
        ["azurite", "balancer", "gateway-1", "gateway-2", "redis", "silo-1", "silo-2", "silo-3"], _file.Services.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Services_use_what_the_compose_specification_knows() => Assert.All(
        _file.Services, static service => Assert.Empty(service.Value.Keys.Cast<string>().Except(ServiceAttributes)));

    [Fact]
    public void Everything_that_is_named_exists() => Assert.All(_file.Services, service =>
    {
        Assert.All(DependenciesOf(service.Value), dependency => Assert.Contains(dependency, _file.Services.Keys));
        Assert.All(ComposeFile.List(service.Value, "networks"), network => Assert.Contains(network, _file.Section("networks").Keys));
        Assert.All(ComposeFile.List(service.Value, "env_file"), static path => Assert.True(File.Exists(Path.Combine(Repository.Root, path)), path));
        Assert.All(ComposeFile.List(service.Value, "volumes").Select(static volume => volume.Split(':')[0]), source =>
            Assert.True(source.StartsWith("./", StringComparison.Ordinal)
                ? File.Exists(Path.Combine(Repository.Root, source))
                : _file.Section("volumes").ContainsKey(source), source));
        if (ComposeFile.Map(service.Value, "build") is { Count: > 0 } build)
        {
            Assert.Equal(".", build["context"]);
            Assert.True(File.Exists(Path.Combine(Repository.Root, (string)build["dockerfile"])));
        }
    });

    [Fact]
    public void Every_service_is_checked_limited_and_waited_for() => Assert.All(_file.Services, service =>
    {
        Assert.NotEmpty(ComposeFile.List(ComposeFile.Map(service.Value, "healthcheck"), "test"));
        var limits = ComposeFile.Map(ComposeFile.Map(ComposeFile.Map(service.Value, "deploy"), "resources"), "limits");
        Assert.Equal(["cpus", "memory"], limits.Keys.Cast<string>().Order(StringComparer.Ordinal));
        Assert.All(
            ComposeFile.Map(service.Value, "depends_on").Values, static condition => Assert.Equal("service_healthy", ((Dictionary<object, object>)condition)["condition"]));
        Assert.Equal("unless-stopped", service.Value["restart"]);
    });

    [Fact]
    public void The_start_is_in_order_stores_then_silos_then_gateways_then_the_balancer()
    {
        Assert.All(_file.Nodes, node => Assert.Contains("redis", DependenciesOf(node.Value)));
        Assert.All(
            _file.Nodes.Where(static node => node.Key.StartsWith("silo-", StringComparison.Ordinal)), static node => Assert.Contains("azurite", DependenciesOf(node.Value)));
        Assert.All(
            _file.Nodes.Where(static node => node.Key.StartsWith("gateway-", StringComparison.Ordinal)),
            static node => Assert.Contains("silo-1", DependenciesOf(node.Value)));
        Assert.Equal(["gateway-1", "gateway-2"], DependenciesOf(_file.Services["balancer"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Only_the_balancer_is_published_and_only_on_this_machine()
    {
        Assert.Equal("127.0.0.1:8080:8080", Assert.Single(ComposeFile.List(_file.Services["balancer"], "ports")));
        Assert.All(_file.Services.Where(static service => service.Key != "balancer"), static service => Assert.False(service.Value.ContainsKey("ports"), service.Key));
        Assert.Equal("true", ComposeFile.Map(_file.Section("networks"), "cluster")["internal"]);
        Assert.Equal(["front"], ComposeFile.List(_file.Services["balancer"], "networks"));
    }

    [Fact]
    public void Every_node_has_the_shared_settings_and_of_its_own_only_names_and_addresses() => Assert.All(_file.Nodes, static node =>
    {
        Assert.Equal([SettingsFile.Path], ComposeFile.List(node.Value, "env_file"));
        var environment = ComposeFile.Map(node.Value, "environment");
        Assert.Equal(node.Key, environment["Node__Name"]);
        Assert.Empty(environment.Keys.Cast<string>().Except(
            ["ConnectionStrings__Redis", "ConnectionStrings__AzureStorage", "Node__Name", "Node__AdvertisedAddress", "Role", "urls"]));
        if (node.Key.StartsWith("silo-", StringComparison.Ordinal))
        {
            // A name stands for its address, so that nothing listens on all of them.
            Assert.Equal($"http://{node.Key}:8080", environment["urls"]);
            Assert.Equal(node.Key, environment["Node__AdvertisedAddress"]);
            Assert.Equal("Silo", environment["Role"]);
        }
    });

    [Fact]
    public void The_data_outlives_the_containers()
    {
        Assert.Contains("redis-data:/data", ComposeFile.List(_file.Services["redis"], "volumes"));
        Assert.Contains("azurite-data:/data", ComposeFile.List(_file.Services["azurite"], "volumes"));
        Assert.Matches("(?m)^appendonly yes$", Repository.Read("deploy/redis.conf"));
        Assert.Matches("(?m)^maxmemory-policy noeviction$", Repository.Read("deploy/redis.conf"));
    }

    [Fact]
    public void The_log_fits_into_redis_and_redis_into_its_container()
    {
        var settings = SettingsFile.Read();
        var log = long.Parse(settings["Log__MaxBytesPerPartition"], CultureInfo.InvariantCulture) * long.Parse(settings["Partitions__Count"], CultureInfo.InvariantCulture);
        var memory = long.Parse(Regex.Match(Repository.Read("deploy/redis.conf"), @"(?m)^maxmemory (\d+)mb$").Groups[1].Value, CultureInfo.InvariantCulture) * 1024 * 1024;
        Assert.InRange(log, 1, memory * 3 / 4);
        var limits = ComposeFile.Map(ComposeFile.Map(ComposeFile.Map(_file.Services["redis"], "deploy"), "resources"), "limits");
        Assert.Equal("3G", limits["memory"]);
        Assert.InRange(memory, 1, 3L * 1024 * 1024 * 1024 * 3 / 4);
    }

    [Fact]
    public void Nodes_are_given_longer_to_stop_than_they_take() => Assert.All(_file.Nodes, static node => Assert.True(
        TimeSpan.FromSeconds(int.Parse(((string)node.Value["stop_grace_period"]).TrimEnd('s'), CultureInfo.InvariantCulture))
            > TimeSpan.Parse(SettingsFile.Read()["Node__ShutdownTimeout"], CultureInfo.InvariantCulture) + TimeSpan.FromSeconds(10)));

    [Fact]
    public void The_balancer_knows_every_gateway() => Assert.Equal(
        _file.Nodes.Keys.Where(static node => node.StartsWith("gateway-", StringComparison.Ordinal)).Select(static node => $"{node}:8080").Order(StringComparer.Ordinal),
        Regex.Matches(Repository.Read("deploy/nginx.conf"), @"(?m)^\s+server (\S+) resolve ").Select(static server => server.Groups[1].Value).Order(StringComparer.Ordinal));

    private static IEnumerable<string> DependenciesOf(Dictionary<object, object> service) => ComposeFile.Map(service, "depends_on").Keys.Cast<string>();
}
