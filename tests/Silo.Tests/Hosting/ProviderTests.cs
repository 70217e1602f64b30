using OrleansMetrics.Silo.Hosting;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class ProviderTests : IDisposable
{
    private const string Redis = "--ConnectionStrings:Redis=127.0.0.1:1";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Silo", "Clustering:Provider=Localhost", "Clustering:Provider is Localhost; a node with Role=Silo takes Redis: the nodes of a cluster share it.")]
    [InlineData("Silo", "Reminders:Provider=Memory", "Reminders:Provider is Memory; a node with Role=Silo takes Redis: the nodes of a cluster share it.")]
    [InlineData("Silo", "Snapshots:Provider=Sqlite", "Snapshots:Provider is Sqlite; a node with Role=Silo takes Redis or AzureBlob: the nodes of a cluster share it.")]
    [InlineData("Silo", "Log:Provider=Sqlite", "Log:Provider is Sqlite; a node with Role=Silo takes Redis: the nodes of a cluster share it.")]
    [InlineData("Silo", "Log:Provider=Segments", "Log:Provider is Segments; a node with Role=Silo takes Redis: the nodes of a cluster share it.")]
    [InlineData("Gateway", "Log:Provider=Sqlite", "Log:Provider is Sqlite; a node with Role=Gateway takes Redis: the nodes of a cluster share it.")]
    [InlineData("Gateway", "Clustering:Provider=Localhost", "Clustering:Provider is Localhost; a node with Role=Gateway takes Redis: the nodes of a cluster share it.")]
    [InlineData("Standalone", "Log:Provider=Redis", "Log:Provider is Redis; a standalone node takes Segments or Sqlite: it is a cluster of its own. Role=Silo joins others.")]
    [InlineData("Standalone", "Clustering:Provider=Redis", "Clustering:Provider is Redis; a standalone node takes Localhost: it is a cluster of its own. Role=Silo joins others.")]
    [InlineData("Silo", "Snapshots:Provider=Memory", "Snapshots:Provider is 'Memory'; it must be Sqlite or Redis or AzureBlob.")]
    [InlineData("Silo", "Snapshots:Provider=AzureBlob", "Snapshots:ConnectionString is missing; give it, or ConnectionStrings:AzureStorage.")]
    [InlineData("Silo", "Clustering:ClusterId=a b", "Clustering:ClusterId is 'a b'; it must be 1 to 63 letters, digits, dots, dashes and underscores.")]
    [InlineData("Silo", "Node:AdvertisedAddress=0.0.0.0", "Node:AdvertisedAddress is '0.0.0.0'; it must be one address under which other nodes reach this one.")]
    [InlineData("Standalone", "Node:AdvertisedAddress=192.0.2.1", "Node:AdvertisedAddress is '192.0.2.1'; a standalone node's Orleans ports are open on this machine only. Role=Silo opens them.")]
    [InlineData("Silo", "Dashboard:Enabled=maybe", "Dashboard:Enabled is 'maybe'; it must be true or false.")]
    public async Task What_a_role_does_not_take_is_refused_with_the_settings_name(string role, string setting, string message) =>
        Assert.Equal([message], await RefusedAsync(Redis, $"--Role={role}", $"--{setting}"));

    [Theory]
    [InlineData("Silo", new[] { "Clustering", "RedisLog", "Reminders", "Snapshots" })]
    [InlineData("Gateway", new[] { "Clustering", "RedisLog" })]
    public async Task A_cluster_without_redis_is_refused_for_each_that_needs_it(string role, string[] sections) => Assert.Equal(
        sections, (await RefusedAsync($"--Role={role}")).Select(static failure => failure.Split(':')[0]).Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_role_that_does_not_exist_is_refused() =>
        Assert.Equal(["Role is 'Queen'; it must be Standalone or Silo or Gateway."], await RefusedAsync("--Role=Queen"));

    [Fact]
    public async Task A_silo_that_cannot_reach_its_log_says_so_and_ends()
    {
        var failure = Assert.Single(await RefusedAsync(Redis, "--Role=Silo", "--RedisLog:ConnectTimeout=00:00:00.2"));

        Assert.Contains("127.0.0.1:1", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failure, StringComparison.Ordinal);
    }

    private async Task<string[]> RefusedAsync(params string[] args)
    {
        using var errors = new StringWriter();
        Assert.Equal(1, await NodeProgram.RunAsync(["--urls=http://127.0.0.1:0", $"--Storage:Directory={_directory.Path}", .. args], errors));
        var lines = errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("The node cannot start:", lines[0]);
        return [.. lines.Skip(1).Select(static line => line.Trim())];
    }
}
