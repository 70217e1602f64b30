using System.Net;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Stats;

public sealed class ClusterEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task It_shows_silos_gateways_and_where_partitions_live_and_stand()
    {
        _server.ClusterStats.Members =
        [
            new("silo-1", "10.0.0.1:11111@7", "Active"), new("silo-1", "10.0.0.1:11111@3", "Dead"), new("silo-2", "10.0.0.2:11111@4", "Dead"),
        ];
        _server.ClusterStats.Nodes = [Node("gateway-1", "gateway"), Node("silo-1", "silo")];
        _server.Catalogue.Partitions = [Partition(0, "10.0.0.1:11111@7", head: 12, position: 10), Partition(1, "10.0.0.9:11111@1", head: 5, position: 5)];

        var cluster = await HttpAssert.JsonAsync(_server.Client, "/api/cluster");

        Assert.Equal(
            [("gateway-1", "gateway", "Heard", null, 0), ("silo-1", "silo", "Active", "10.0.0.1:11111@7", 1), ("silo-2", "silo", "Dead", "10.0.0.2:11111@4", 0)],
            cluster.GetProperty("nodes").EnumerateArray().Select(static node => (
                node.GetProperty("name").GetString(), node.GetProperty("role").GetString(), node.GetProperty("status").GetString(),
                node.GetProperty("address").GetString(), node.GetProperty("partitions").GetInt32())));
        Assert.Equal(
            [(0, "silo-1", "10.0.0.1:11111@7", 12L, 10L, 2L), (1, null, "10.0.0.9:11111@1", 5L, 5L, 0L)],
            cluster.GetProperty("partitions").EnumerateArray().Select(static partition => (
                partition.GetProperty("partition").GetInt32(), partition.GetProperty("node").GetString(), partition.GetProperty("address").GetString(),
                partition.GetProperty("head").GetInt64(), partition.GetProperty("position").GetInt64(), partition.GetProperty("lag").GetInt64())));
    }

    [Fact]
    public async Task It_takes_no_parameters()
    {
        using var response = await _server.Client.GetAsync(new Uri("/api/cluster?x=1", UriKind.Relative));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static PartitionStatus Partition(int partition, string silo, long head, long position) => new()
    {
        Partition = partition,
        Silo = silo,
        Head = head,
        Position = position,
        Checkpoint = 0,
        Watermark = 0,
        Accepted = 0,
        Processed = 0,
        Dropped = [],
        InFlight = 0,
        Balanced = true,
        Metrics = 0,
        Series = 0,
        ProcessedBy = [],
        Replaying = false,
        LogBytes = 0,
        Stalled = 0,
        RecordsBehind = head - position,
        PointsBehind = 0,
        ReplayingSince = 0,
    };

    private static NodeStats Node(string name, string role) => ReportedNode.Named(name) with { Role = role };
}
