using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Node;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Faults;

/// <summary>Hours of history leave one node and come into an empty one that is killed meanwhile: every query of every resolution equals what the points say, also when all is imported again.</summary>
[Collection(nameof(RecoveryTests))]
public sealed class BackupTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_node_that_took_the_backup_of_another_answers_every_query_as_the_points_say()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("OM_FAULT_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"OM_FAULT_SEED={seed}");
        var random = new Random(seed);
        const int Hours = 14;
        var now = DateTimeOffset.UtcNow;
        var start = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(-Hours - 1 - ((now.Hour + Hours + 1) & 1));
        var day = new DayOfPoints(metrics: 2, hosts: 4, Hours, start, seed);
        List<string> lines;
        using (var directory = new TemporaryDirectory())
        {
            await using var source = Node(directory.Path);
            DayOfHistoryTests.SetClock(source, day.At(DayOfPoints.PerRequest));
            await source.StartAsync();
            using var http = new HttpClient { BaseAddress = source.Address, Timeout = TimeSpan.FromMinutes(1) };
            await DayOfHistoryTests.SendAsync(day, source, http, random, kills: 0);
            using var reader = new HttpMetricsReader(source.Address);
            await Settling.SettleAsync(reader);
            await AdvanceAsync(source, day.End.AddMinutes(10));
            await DayOfHistoryTests.WaitForHistoryAsync(http);
            lines = await ExportAsync(day, http);
        }

        Assert.True(lines.Select(static line => Length(line)).Distinct().Count() > 1, "windows of one length only");
        using var empty = new TemporaryDirectory();
        await using var target = Node(empty.Path);
        try
        {
            DayOfHistoryTests.SetClock(target, day.End.AddMinutes(10));
            await target.StartAsync();
            using var http = new HttpClient { BaseAddress = target.Address, Timeout = TimeSpan.FromMinutes(1) };
            var (imported, there) = await ImportAsync(day, target, http, lines, random, kills: 3);
            output.WriteLine($"{lines.Count} windows; {imported} imported, {there} found to be there after a kill");
            await AdvanceAsync(target, day.End.AddMinutes(11));
            var queries = await DayOfHistoryTests.CheckAllAsync(day, http, random);

            // All of it again, and after a kill.
            Assert.Equal((0, lines.Count), await ImportAsync(day, target, http, lines, random, kills: 0));
            await target.KillAsync();
            await target.StartAsync();
            Assert.Equal((0, lines.Count), await ImportAsync(day, target, http, lines, random, kills: 0));
            queries += await DayOfHistoryTests.CheckAllAsync(day, http, random);

            // When all is rolled up, too; and what leaves it is as much.
            await DayOfHistoryTests.WaitForHistoryAsync(http);
            queries += await DayOfHistoryTests.CheckAllAsync(day, http, random);
            using var reader = new HttpMetricsReader(target.Address);
            var ledger = await Settling.SettleAsync(reader);
            Assert.Equal((0, 0, true), (ledger.Accepted, ledger.Processed, ledger.Balanced));
            Assert.Equal(Points(lines), Points(await ExportAsync(day, http)));
            output.WriteLine($"{queries} queries");
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{target.OutputTail}", exception);
        }
    }

    private static NodeProcess Node(string directory) => new(directory, FreePort.Next(), "--Windows:AllowedLateness=00:02:00", "--Flush:Interval=00:00:00.5");

    private static async Task AdvanceAsync(NodeProcess node, DateTimeOffset to)
    {
        DayOfHistoryTests.SetClock(node, to);
        await node.SetFaultsAsync(new FaultSettings { ClockOffsetMilliseconds = (long)node.ClockOffset.TotalMilliseconds });
    }

    private static async Task<List<string>> ExportAsync(DayOfPoints day, HttpClient http)
    {
        var lines = new List<string>();
        for (var metric = 0; metric < day.Metrics; metric++)
        {
            var text = await http.GetStringAsync(new Uri($"/api/metrics/{DayOfPoints.NameOf(metric)}/backup", UriKind.Relative));
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
            lines.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return lines;
    }

    /// <summary>Sends requests of some hundred lines until each is answered; those of a series in an hour stay together, as the tool keeps them.</summary>
    private static async Task<(int Imported, int There)> ImportAsync(DayOfPoints day, NodeProcess node, HttpClient http, List<string> lines, Random random, int kills)
    {
        var (imported, there) = (0, 0);
        for (var metric = 0; metric < day.Metrics; metric++)
        {
            var name = DayOfPoints.NameOf(metric);
            var groups = lines.Where(line => Read(line, "metric") == name).GroupBy(static line => (Read(line, "tags"), Read(line, "start")[..13])).Select(static group => group.ToList()).ToList();
            var requests = groups.Chunk(Math.Max(1, groups.Count / 8)).ToList();
            var killAt = kills > 0 ? random.Next(requests.Count) : -1;
            for (var i = 0; i < requests.Count; i++)
            {
                var body = Encoding.UTF8.GetBytes(string.Concat(requests[i].SelectMany(static group => group).Select(static line => line + "\n")));
                if (i == killAt)
                {
                    var unanswered = TryPostAsync(http, name, body);
                    await Task.Delay(random.Next(40));
                    await node.KillAsync();
                    var before = await unanswered;
                    (imported, there) = (imported + (before?.Imported ?? 0), there + (before?.There ?? 0));
                    await node.StartAsync();
                }

                (int Imported, int There)? answer;
                while ((answer = await TryPostAsync(http, name, body)) is null)
                {
                    await Task.Delay(50);
                }

                (imported, there) = (imported + answer.Value.Imported, there + answer.Value.There);
            }
        }

        return (imported, there);
    }

    /// <summary>Null when there was no answer, or 503.</summary>
    private static async Task<(int Imported, int There)?> TryPostAsync(HttpClient http, string metric, byte[] body)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            using var response = await http.PostAsync(new Uri($"/api/metrics/{metric}/backup", UriKind.Relative), content);
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable, $"{response.StatusCode}: {text}");
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return null;
            }

            using var answer = JsonDocument.Parse(text);
            Assert.Equal(0, answer.RootElement.GetProperty("rejected").GetInt32());
            return (answer.RootElement.GetProperty("imported").GetInt32(), answer.RootElement.GetProperty("alreadyThere").GetInt32());
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    private static string Read(string line, string member)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty(member).ToString();
    }

    private static TimeSpan Length(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("end").GetDateTimeOffset() - document.RootElement.GetProperty("start").GetDateTimeOffset();
    }

    private static long Points(List<string> lines) => lines.Sum(static line => long.Parse(Read(line, "count"), CultureInfo.InvariantCulture));
}
