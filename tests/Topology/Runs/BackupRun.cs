using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Clusters;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Checks;
using OrleansMetrics.Topology.Clusters;

namespace OrleansMetrics.Topology.Runs;

/// <summary>
/// The backup of docs/operations.md: silos stop, blobs are copied, then Redis, while gateways go on taking points. After a while everything is
/// replaced by the copy.
/// </summary>
internal sealed class BackupRun(TopologyCluster cluster, int seed)
{
    private const int Clients = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly RequestManner[] Manners = [RequestManner.Once, RequestManner.UntilAcknowledged, RequestManner.TwiceAtOnce];

    private readonly FaultDiary _diary = new();

    /// <summary>Runs it. Returns what happened when.</summary>
    public static async Task<string> RunAsync(int seed)
    {
        await using var cluster = await TopologyCluster.StartAsync(TopologyRun.Settings(TimeSpan.FromSeconds(1)), isAsDeployed: false);
        return await new BackupRun(cluster, seed).RunAsync();
    }

    private async Task<string> RunAsync()
    {
        var copy = Path.Combine(cluster.DataDirectory, "copy");
        var before = new SentRequests();
        var (pace, clients) = Start(before, 0);
        await AcknowledgedAsync(before, 100);
        foreach (var silo in (string[])["silo-1", "silo-2", "silo-3"])
        {
            await cluster.RunAsync("stop", silo);
        }

        _diary.Note("no silo runs");
        await cluster.RunAsync("stop", "azurite");
        Copy(Path.Combine(cluster.DataDirectory, "azurite"), Path.Combine(copy, "azurite"));
        await cluster.RunAsync("start", "azurite");
        _diary.Note($"the blobs are copied; {before}");
        await AcknowledgedAsync(before, 100);
        pace.End();
        await Task.WhenAll(clients);
        Copy(Path.Combine(cluster.DataDirectory, "redis"), Path.Combine(copy, "redis"));
        _diary.Note($"Redis is copied; {before}");

        var after = new SentRequests();
        (pace, clients) = Start(after, Clients);
        await cluster.RunAsync("scale", "3");
        await AcknowledgedAsync(after, 200);
        pace.End();
        await Task.WhenAll(clients);
        _diary.Note($"everything goes on; {after}");

        await cluster.RunAsync("down");
        foreach (var store in (string[])["redis", "azurite"])
        {
            Directory.Delete(Path.Combine(cluster.DataDirectory, store), recursive: true);
            Copy(Path.Combine(copy, store), Path.Combine(cluster.DataDirectory, store));
        }

        await cluster.UpAsync();
        _diary.Note("the copy is in its place");
        using var reader = new AnyGatewayReader(cluster.Gateways.Values);
        var ledger = await Settling.SettleAsync(reader);
        var differences = await Exactness.CheckAsync(before.All, reader, ledger, TopologyRun.PartitionOf);
        differences.AddRange(before.Violations);
        Assert.True(differences.Count == 0, $"{string.Join('\n', differences.Take(40))}\n{_diary}\n{cluster.ReadOutput()}");
        return _diary.ToString();
    }

    private (LoadPace Pace, Task[] Clients) Start(SentRequests requests, int firstClient)
    {
        var pace = new LoadPace();
        var gateways = cluster.Gateways.Values.Select(gateway => new HttpRequestSender(gateway, requests)).ToList();
        return (pace, [.. Enumerable.Range(firstClient, Clients).Select(client =>
        {
            var own = unchecked((seed * 31) + client);
            var generator = new RequestGenerator(client, own, requests, static () => DateTimeOffset.UtcNow, Manners);
            return Task.Run(new LoadClient(generator, new AnyGateway(gateways, own), requests, pace, own).RunAsync);
        })]);
    }

    private static Task AcknowledgedAsync(SentRequests requests, int more)
    {
        var wanted = requests.Acknowledged + more;
        return Eventually.RequireAsync($"{more} more requests are acknowledged", () => requests.Acknowledged >= wanted, Patience);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
