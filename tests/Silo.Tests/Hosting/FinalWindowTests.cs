using System.Text.Json;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class FinalWindowTests
{
    [Fact]
    public async Task Windows_become_final_without_further_points_and_a_point_after_that_is_late()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(directory.Path, "--Windows:Size=00:00:00.3", "--Windows:AllowedLateness=00:00:02", "--Windows:Late=Drop");
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await node.Client.WriteAsync($"closing,host=a value=1 {now}\nclosing,host=a value=3 {now}", "?precision=ms");
        await node.Client.SettleAsync();

        var answer = await Eventually.ReadAsync(
            "A final window",
            () => node.Client.GetAsync("/api/metrics/closing/windows?from=-1m"),
            static answer => answer.List("series").Any(static series => series.List("windows").Any(static window => window.GetProperty("final").GetBoolean())),
            node.Log.ToString);
        var window = answer.List("series").Single().List("windows").Single();
        Assert.Equal((true, 2, 4.0, 2.0), (window.GetProperty("final").GetBoolean(), window.Number("count"), window.Value("sum"), window.Value("mean")));
        Assert.Equal(TimeSpan.FromMilliseconds(300), window.GetProperty("end").GetDateTimeOffset() - window.GetProperty("start").GetDateTimeOffset());

        var inside = window.GetProperty("start").GetDateTimeOffset().ToUnixTimeMilliseconds();
        await node.Client.WriteAsync($"closing,host=a value=100 {inside}", "?precision=ms");
        var stats = await node.Client.SettleAsync();
        Assert.Equal((3, 2, 1), (stats.Number("accepted"), stats.Number("processed"), stats.Number("late")));
        var total = (await node.Client.GetAsync("/api/metrics/closing")).List("series").Single().GetProperty("total");
        Assert.Equal(4.0, total.Value("sum"));
    }

    [Fact]
    public async Task A_late_point_corrects_its_window_through_a_restart_until_the_window_takes_no_more()
    {
        using var directory = new TemporaryDirectory();
        string[] settings =
        [
            "--Windows:Size=00:00:00.5", "--Windows:AllowedLateness=00:00:04", "--Windows:Retained=2", "--Flush:Interval=00:00:00.2",
            "--History:ChunkInterval=00:00:01", "--History:ChunkWindows=0", "--Windows:CorrectFor=01:00:00",
        ];
        long start, before;
        static bool IsCorrected(JsonElement answer) =>
            Windows(answer) is [var window] && (window.Number("count"), window.Value("sum"), window.Value("last")) == (3, 9, 5);
        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            start = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 500 * 500;
            await node.Client.WriteAsync($"corrected,host=a value=1 {start}\ncorrected,host=a value=3 {start + 7}", "?precision=ms");
            await Eventually.ReadAsync(
                "A final window in storage",
                () => node.Client.GetAsync("/api/stats"),
                static answer => answer.Number("historyBytes") > 0,
                node.Log.ToString);
            await node.Client.WriteAsync($"corrected,host=a value=5 {start + 7}\ncorrected,host=a value=100 {start - 86_400_000}", "?precision=ms");
            var stats = await node.Client.SettleAsync();
            Assert.Equal((4, 3, 1, 1), (stats.Number("accepted"), stats.Number("processed"), stats.Number("late"), stats.Number("corrected")));
            var answer = await node.Client.GetAsync("/api/metrics/corrected");
            Assert.True(IsCorrected(answer), answer.ToString());
            Assert.Equal(9, answer.List("series").Single().GetProperty("total").Value("sum"));
            before = stats.Number("historyBytes");
        }

        settings[^1] = "--Windows:CorrectFor=00:00:00.5";
        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            foreach (var path in new[] { "/api/metrics/corrected", "/api/metrics/corrected/windows?from=-10m" })
            {
                var answer = await node.Client.GetAsync(path);
                Assert.True(IsCorrected(answer), answer.ToString());
                Assert.Equal(1, answer.List("series").Single().List("windows").Single().Number("revision"));
            }

            // A chunk has it when the window takes no more, and then the late come too late. The first of them lets the aggregator know how long that is now.
            await node.Client.WriteAsync($"corrected,host=a value=100 {start - 86_400_000}", "?precision=ms");
            await Eventually.ReadAsync("Late points in storage", () => node.Client.GetAsync("/api/stats"), answer => answer.Number("historyBytes") > before, node.Log.ToString);
            await node.Client.WriteAsync($"corrected,host=a value=100 {start + 7}", "?precision=ms");
            var stats = await node.Client.SettleAsync();
            Assert.Equal((6, 3, 3, 1), (stats.Number("accepted"), stats.Number("processed"), stats.Number("late"), stats.Number("corrected")));
            var after = await node.Client.GetAsync("/api/metrics/corrected/windows?from=-10m");
            Assert.True(IsCorrected(after), after.ToString());
        }
    }

    [Fact]
    public async Task Windows_that_memory_has_forgotten_come_from_history_also_after_a_restart()
    {
        using var directory = new TemporaryDirectory();
        string[] settings =
        [
            "--Windows:Size=00:00:00.1", "--Windows:AllowedLateness=00:00:04", "--Windows:Retained=2", "--Flush:Interval=00:00:00.2", "--History:ChunkInterval=00:00:01",
            "--History:ChunkWindows=0",
        ];
        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            var start = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1_000 * 1_000;
            await node.Client.WriteAsync(string.Join('\n', Enumerable.Range(0, 40).Select(i => $"kept,host={i % 2} value={i} {start + (i / 2 * 100)}")), "?precision=ms");
            await node.Client.SettleAsync();
            await Eventually.ReadAsync(
                "All windows in history",
                () => node.Client.GetAsync("/api/metrics/kept/windows?from=-1m&to=-0s"),
                static answer => Windows(answer) is { Count: 40 } windows && windows.All(static window => window.GetProperty("final").GetBoolean()),
                node.Log.ToString);
            await Eventually.ReadAsync(
                "Memory forgets",
                () => node.Client.GetAsync("/api/metrics/kept"),
                static answer => Windows(answer).Count == 4,
                node.Log.ToString);
            await Eventually.ReadAsync(
                "A chunk in storage",
                () => node.Client.GetAsync("/api/stats"),
                static answer => answer.Number("historyBytes") > 0,
                node.Log.ToString);
            Assert.Equal(40, Windows(await node.Client.GetAsync("/api/metrics/kept/windows?from=-1m")).Count);
        }

        await using (var node = await TestNode.StartAsync(directory.Path, settings))
        {
            var windows = Windows(await node.Client.GetAsync("/api/metrics/kept/windows?from=-2m"));
            Assert.Equal(Enumerable.Range(0, 40).Select(static i => (double)i).Order(), windows.Select(static window => window.Value("sum")).Order());
            var seconds = Windows(await node.Client.GetAsync("/api/metrics/kept/windows?from=-2m&step=1s&groupBy=*&agg=count,sum,max"));
            Assert.Equal((40.0, 780.0, 39.0), (seconds.Sum(static window => window.Value("count")), seconds.Sum(static window => window.Value("sum")), seconds.Max(static window => window.Value("max"))));
            Assert.InRange(seconds.Count, 2, 3);
        }
    }

    [Fact]
    public async Task Only_the_configured_number_of_final_windows_is_kept()
    {
        using var directory = new TemporaryDirectory();
        await using var node = await TestNode.StartAsync(
            directory.Path, "--Windows:Size=00:00:00.1", "--Windows:AllowedLateness=00:00:01", "--Windows:Retained=2", "--Windows:Quantiles:0=0.25");
        var start = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 100 * 100;
        await node.Client.WriteAsync(string.Join('\n', Enumerable.Range(0, 5).Select(i => $"kept value={i} {start + (i * 100)}")), "?precision=ms");
        await node.Client.SettleAsync();

        var answer = await Eventually.ReadAsync(
            "All windows final",
            () => node.Client.GetAsync("/api/metrics/kept"),
            static answer => Windows(answer) is { Count: > 0 } windows && windows.All(static window => window.GetProperty("final").GetBoolean()),
            node.Log.ToString);

        Assert.Equal([3.0, 4.0], Windows(answer).Select(static window => window.Value("last")));
        Assert.Equal(["0.25"], Windows(answer)[0].GetProperty("quantiles").EnumerateObject().Select(static quantile => quantile.Name));
        Assert.Equal(5, answer.List("series").Single().GetProperty("total").Number("count"));
    }

    private static List<JsonElement> Windows(JsonElement answer) => [.. answer.List("series").SelectMany(static series => series.List("windows"))];
}
