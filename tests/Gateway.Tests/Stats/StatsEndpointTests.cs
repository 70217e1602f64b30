using System.Net;
using System.Text.Json;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Stats;

public sealed class StatsEndpointTests : IAsyncLifetime
{
    private GatewayServer _server = null!;

    public async Task InitializeAsync() => _server = await GatewayServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_ledger_adds_up_partitions_and_nodes()
    {
        _server.Catalogue.Partitions =
        [
            Partition(0, accepted: 100, processed: 80, inFlight: 5, new() { ["late"] = 10, ["poison_batch"] = 5 }),
            Partition(1, accepted: 50, processed: 47, inFlight: 0, new() { ["late"] = 3 }),
        ];
        _server.ClusterStats.Nodes =
        [
            Node("a", received: 120, new() { ["not_finite"] = 2, ["malformed"] = 1 }),
            Node("b", received: 70, new() { ["not_finite"] = 4 }),
        ];
        var stats = await HttpAssert.JsonAsync(_server.Client, "/api/stats");
        Assert.Equal(
            [
                "received", "accepted", "processed", "late", "repeated", "rejected", "dropped", "inFlight", "recordsBehind", "flushes", "errors", "historyBytes", "overflowed", "corrected", "series",
                "mostSeries", "mostStored", "balanced",
                "partitions", "nodes",
            ],
            stats.EnumerateObject().Select(p => p.Name));
        Assert.Equal(190, stats.GetProperty("received").GetInt64());
        Assert.Equal(150, stats.GetProperty("accepted").GetInt64());
        Assert.Equal(127, stats.GetProperty("processed").GetInt64());
        Assert.Equal(13, stats.GetProperty("late").GetInt64());
        Assert.Equal(40, stats.GetProperty("repeated").GetInt64());
        Assert.Equal("""{"malformed":1,"not_finite":6}""", stats.GetProperty("rejected").GetRawText());
        Assert.Equal("""{"late":13,"poison_batch":5}""", stats.GetProperty("dropped").GetRawText());
        Assert.Equal(5, stats.GetProperty("inFlight").GetInt64());
        Assert.Equal(2, stats.GetProperty("recordsBehind").GetInt64());
        Assert.Equal(14, stats.GetProperty("flushes").GetInt64());
        Assert.Equal(2, stats.GetProperty("errors").GetInt64());
        Assert.True(stats.GetProperty("balanced").GetBoolean());
        Assert.Equal(
            """
            {"partition":0,"silo":"silo-0","head":9,"position":8,"checkpoint":7,"watermark":1767225600000,"accepted":100,"processed":80,"dropped":{"late":10,"poison_batch":5},"inFlight":5,"balanced":true,"metrics":2,"series":4,"processedBy":{"gateway-A":80},"replaying":false,"logBytes":1024,"stalled":0,"recordsBehind":1,"pointsBehind":5,"replayingSince":0,"historyBytes":0,"overflowed":0,"mostSeries":[],"mostStored":[],"corrected":0}
            """,
            stats.GetProperty("partitions")[0].GetRawText());
        Assert.Equal(
            """
            {"node":"a","startedAt":"2026-01-01T00:00:00+00:00","reportedAt":"2026-01-01T00:01:00+00:00","received":120,"accepted":75,"rejected":{"not_finite":2,"malformed":1},"ignoredFields":0,"overloaded":0,"processed":70,"late":6,"flushes":7,"errors":1,"inFlightBytes":0,"repeated":20,"role":"standalone","series":0,"overflowed":0,"overflowing":[],"corrected":0,"kindConflicts":{}}
            """,
            stats.GetProperty("nodes")[0].GetRawText());
    }

    [Fact]
    public async Task A_cluster_that_has_seen_nothing_is_balanced()
    {
        var stats = await HttpAssert.JsonAsync(_server.Client, "/api/stats");
        Assert.True(stats.GetProperty("balanced").GetBoolean());
        Assert.Equal(0, stats.GetProperty("late").GetInt64());
        Assert.Equal("{}", stats.GetProperty("dropped").GetRawText());
    }

    [Fact]
    public async Task A_partition_that_lags_shows_by_how_much_and_since_when()
    {
        _server.Catalogue.Partitions =
        [
            Partition(0, accepted: 100, processed: 90, inFlight: 10, []) with { RecordsBehind = 4, PointsBehind = 10, Replaying = true, ReplayingSince = 1_767_225_599_000 },
            Partition(1, accepted: 100, processed: 100, inFlight: 0, []) with { RecordsBehind = 0 },
        ];
        var stats = await HttpAssert.JsonAsync(_server.Client, "/api/stats");
        Assert.Equal(4, stats.GetProperty("recordsBehind").GetInt64());
        var lagging = stats.GetProperty("partitions")[0];
        Assert.Equal(4, lagging.GetProperty("recordsBehind").GetInt64());
        Assert.Equal(10, lagging.GetProperty("pointsBehind").GetInt64());
        Assert.Equal(1_767_225_599_000, lagging.GetProperty("replayingSince").GetInt64());
        Assert.Equal(0, stats.GetProperty("partitions")[1].GetProperty("recordsBehind").GetInt64());
    }

    [Fact]
    public async Task One_unbalanced_partition_unbalances_the_cluster()
    {
        // The two errors cancel each other in the sums.
        _server.Catalogue.Partitions =
        [
            Partition(0, accepted: 100, processed: 99, inFlight: 0, []) with { Balanced = false },
            Partition(1, accepted: 100, processed: 101, inFlight: 0, []) with { Balanced = false },
        ];
        Assert.False((await HttpAssert.JsonAsync(_server.Client, "/api/stats")).GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public async Task Sums_that_do_not_add_up_are_unbalanced_whatever_the_partitions_say()
    {
        _server.Catalogue.Partitions = [Partition(0, accepted: 100, processed: 99, inFlight: 0, [])];
        Assert.False((await HttpAssert.JsonAsync(_server.Client, "/api/stats")).GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public async Task This_node_reports_before_the_nodes_are_read()
    {
        _server.Reporter.OnReport = token => _server.ClusterStats.Report(Node("here", received: 42, []), token);
        var stats = await HttpAssert.JsonAsync(_server.Client, "/api/stats");
        Assert.Equal(42, stats.GetProperty("received").GetInt64());
        Assert.Equal("here", stats.GetProperty("nodes")[0].GetProperty("node").GetString());
    }

    [Fact]
    public async Task A_report_that_times_out_is_503()
    {
        _server.Reporter.OnReport = _ => throw new TimeoutException();
        var problem = await HttpAssert.ProblemAsync(_server.Client, "/api/stats", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("Cluster unavailable", problem.GetProperty("title").GetString());
    }

    [Fact]
    public async Task An_unknown_parameter_is_400()
    {
        var problem = await HttpAssert.ProblemAsync(_server.Client, "/api/stats?node=a", HttpStatusCode.BadRequest);
        Assert.Equal("node", problem.GetProperty("parameter").GetString());
        Assert.Equal(JsonValueKind.String, problem.GetProperty("allowed").ValueKind);
    }

    private static PartitionStatus Partition(int number, long accepted, long processed, long inFlight, Dictionary<string, long> dropped) => new()
    {
        Partition = number,
        Silo = $"silo-{number}",
        Head = 9,
        Position = 8,
        Checkpoint = 7,
        Watermark = 1_767_225_600_000,
        Accepted = accepted,
        Processed = processed,
        Dropped = dropped,
        InFlight = inFlight,
        Balanced = true,
        Metrics = 2,
        Series = 4,
        ProcessedBy = new() { ["gateway-A"] = processed },
        Replaying = false,
        LogBytes = 1024,
        Stalled = 0,
        RecordsBehind = 1,
        PointsBehind = inFlight,
        ReplayingSince = 0,
    };

    private static NodeStats Node(string name, long received, Dictionary<string, long> rejected) => new()
    {
        Node = name,
        StartedAt = GatewayServer.Epoch,
        ReportedAt = GatewayServer.Epoch.AddMinutes(1),
        Received = received,
        Accepted = 75,
        Rejected = rejected,
        IgnoredFields = 0,
        Overloaded = 0,
        Processed = 70,
        Late = 6,
        Flushes = 7,
        Errors = 1,
        InFlightBytes = 0,
        Repeated = 20,
    };
}
