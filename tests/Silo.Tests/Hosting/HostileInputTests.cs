using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Silo.Tests.Nodes;
using Xunit.Abstractions;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class HostileInputTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Nothing_that_is_posted_makes_the_node_ill_or_unbalanced()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=00:10:00");
        var good = 0;

        await Task.WhenAll(Enumerable.Range(0, 6).Select(sender => Task.Run(async () =>
        {
            var random = new Random(seed + sender);
            for (var i = 0; i < 25; i++)
            {
                await (random.Next(6) switch
                {
                    0 => PostAsync(node, random, "/write", Bytes(random, random.Next(20_000)), null),
                    1 => PostAsync(node, random, "/api/points", Bytes(random, random.Next(20_000)), null),
                    2 => PostAsync(node, random, "/write", [0x1f, 0x8b, 8, 0, .. Bytes(random, random.Next(2_000))], "gzip"),
                    3 => PostAsync(node, random, "/api/points", Encoding.ASCII.GetBytes($"[{{\"metric\":\"m\",\"value\":1{new string('[', random.Next(1_000))}"), null),
                    4 => PostAsync(node, random, "/write", Encoding.ASCII.GetBytes($"huge,host={new string('x', random.Next(1_000_000))} value=1\n"), null),
                    _ => BreakOffAsync(node.Address, random),
                });
                await node.Client.WriteAsync("good,host=a value=1");
                Interlocked.Increment(ref good);
            }
        })));

        var stats = await node.Client.SettleAsync();
        Assert.Equal(0, stats.Number("errors"));
        Assert.Equal(0, stats.List("nodes").Single().Number("inFlightBytes"));
        Assert.Equal(HttpStatusCode.OK, await node.Client.StatusOfAsync("/health/ready"));
        Assert.Equal(good, (await node.Client.GetAsync("/api/metrics/good")).List("series").Single().GetProperty("total").Number("count"));
        Assert.Empty((await node.Client.CountPointsAsync("broken_off")).Keys);
        Assert.Empty(node.Log.At(LogLevel.Error));
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task PostAsync(TestNode node, Random random, string path, byte[] body, string? encoding)
    {
        using var response = await node.Client.PostAsync(path, body, random.Next(2) == 0 ? "text/plain" : "application/json", encoding);
        Assert.True((int)response.StatusCode is 204 or (>= 400 and < 500), $"{path}: {response.StatusCode}\n{node.Log}");
    }

    // Complete lines, then the connection goes in the middle of the body.
    private static async Task BreakOffAsync(Uri address, Random random)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        client.LingerState = new LingerOption(random.Next(2) == 0, 0);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /write HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Length: 1000000\r\n\r\n{string.Concat(Enumerable.Repeat("broken_off value=1\n", random.Next(1, 1_000)))}"));
    }
}
