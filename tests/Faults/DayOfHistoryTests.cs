using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using OrleansMetrics.Faults.Checks;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Node;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Faults.Schedules;
using Xunit.Abstractions;

namespace OrleansMetrics.Faults;

/// <summary>
/// Hours of many series through a node whose clock runs ahead with them, killed at random moments: every query of every resolution equals what the points say.
/// <c>OM_LONG=1</c> takes a day of 1,000 series and says how long queries take.
/// </summary>
/// <remarks>Not beside the others: the long form is about time.</remarks>
[Collection(nameof(RecoveryTests))]
public sealed class DayOfHistoryTests(ITestOutputHelper output)
{
    private const double QuantileError = 0.011;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Every_query_of_a_day_equals_its_points()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("OM_FAULT_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        output.WriteLine($"OM_FAULT_SEED={seed}");
        var random = new Random(seed);
        var (metrics, hosts, hours, kills) = FaultSeeds.IsLong ? (10, 100, 24, 12) : (4, 8, 4, 2);
        var now = DateTimeOffset.UtcNow;

        // The longest step is two hours.
        var start = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(-hours - 1 - ((now.Hour + hours + 1) & 1));
        var day = new DayOfPoints(metrics, hosts, hours, start, seed);
        using var directory = new TemporaryDirectory();
        await using var node = new NodeProcess(directory.Path, FreePort.Next(), "--Windows:AllowedLateness=00:02:00", "--Flush:Interval=00:00:00.5") { IsAsDeployed = FaultSeeds.IsLong };
        try
        {
            SetClock(node, day.At(DayOfPoints.PerRequest));
            await node.StartAsync();
            using var reader = new HttpMetricsReader(node.Address);
            using var http = new HttpClient { BaseAddress = node.Address, Timeout = TimeSpan.FromMinutes(1) };
            var watch = Stopwatch.GetTimestamp();
            var points = await SendAsync(day, node, http, random, kills);
            var ledger = await Settling.SettleAsync(reader);
            output.WriteLine($"{points} points, {kills} kills, {Stopwatch.GetElapsedTime(watch).TotalSeconds:F1} s");
            Assert.True((points, points, true) == (ledger.Accepted, ledger.Processed, ledger.Balanced), ledger.Text);

            // Windows become final, chunks are merged and rolled up.
            SetClock(node, day.End.AddMinutes(10));
            await node.SetFaultsAsync(new FaultSettings { ClockOffsetMilliseconds = (long)node.ClockOffset.TotalMilliseconds });
            await WaitForHistoryAsync(http);

            var queries = await CheckAllAsync(day, http, random);
            await node.KillAsync();
            await node.StartAsync();
            await Settling.SettleAsync(reader);
            if (FaultSeeds.IsLong)
            {
                await MeasureAsync(day, http, directory.Path);
            }

            queries += await CheckAllAsync(day, http, random);
            output.WriteLine($"{queries} queries");
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{node.OutputTail}", exception);
        }
    }

    internal static void SetClock(NodeProcess node, DateTimeOffset to) => node.ClockOffset = to - DateTimeOffset.UtcNow;

    internal static async Task<long> SendAsync(DayOfPoints day, NodeProcess node, HttpClient http, Random random, int kills)
    {
        var sent = 0L;
        var requests = day.Periods / DayOfPoints.PerRequest;
        var killAt = Enumerable.Range(0, kills).Select(_ => random.Next(requests)).ToHashSet();
        for (var request = 0; request < requests; request++)
        {
            var first = request * DayOfPoints.PerRequest;
            SetClock(node, day.At(first + DayOfPoints.PerRequest));
            await node.SetFaultsAsync(new FaultSettings { ClockOffsetMilliseconds = (long)node.ClockOffset.TotalMilliseconds });
            var body = day.Body(first);
            var key = string.Create(CultureInfo.InvariantCulture, $"\"day-{request}\"");
            if (killAt.Contains(request))
            {
                var unanswered = TryPostAsync(http, body, key);
                await Task.Delay(random.Next(30));
                await node.KillAsync();
                await unanswered;
                await node.StartAsync();
            }

            await PostUntilTakenAsync(http, body, key);
            sent += day.PointsIn(first);
        }

        return sent;
    }

    private static async Task PostUntilTakenAsync(HttpClient http, byte[] body, string key)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await TryPostAsync(http, body, key))
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"The request {key} was not taken within {Patience.TotalMinutes} min.");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>False when there was no answer, or 503.</summary>
    private static async Task<bool> TryPostAsync(HttpClient http, byte[] body, string key)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/write?precision=ms") { Content = new ByteArrayContent(body) };
        message.Headers.Add("Idempotency-Key", key);
        try
        {
            using var response = await http.SendAsync(message);
            Assert.True(response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ServiceUnavailable, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            return response.StatusCode == HttpStatusCode.NoContent;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>Until what history takes in storage has not changed for two seconds.</summary>
    internal static async Task WaitForHistoryAsync(HttpClient http)
    {
        var (bytes, since, started) = (-1L, Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(2) && Stopwatch.GetElapsedTime(started) < Patience)
        {
            using var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/stats", UriKind.Relative)));
            var read = stats.RootElement.GetProperty("historyBytes").GetInt64();
            if (read != bytes)
            {
                (bytes, since) = (read, Stopwatch.GetTimestamp());
            }

            await Task.Delay(100);
        }
    }

    internal static async Task<int> CheckAllAsync(DayOfPoints day, HttpClient http, Random random)
    {
        var queries = 0;
        foreach (var step in (int[])[60, 120, 600, 1_200, 3_600, 7_200])
        {
            for (var metric = 0; metric < day.Metrics; metric++)
            {
                await CheckAsync(day, http, metric, 0, day.Periods, step, null);
                queries++;
            }

            for (var i = 0; i < 5; i++)
            {
                var from = random.Next(day.Periods);
                await CheckAsync(day, http, random.Next(day.Metrics), from, Math.Min(day.Periods, from + 1 + random.Next(day.Periods / 3)), step, i % 2 == 0 ? "rack" : "*");
                queries++;
            }
        }

        // Windows as they came live for two hours.
        await CheckAsync(day, http, random.Next(day.Metrics), day.Periods - 360, day.Periods, 10, null);
        await CheckAsync(day, http, random.Next(day.Metrics), day.Periods - 360, day.Periods, 30, "rack");
        return queries + 2;
    }

    private static async Task CheckAsync(DayOfPoints day, HttpClient http, int metric, int from, int to, int step, string? groupBy)
    {
        var periods = step * 1_000 / DayOfPoints.Period;
        var path = $"/api/metrics/{DayOfPoints.NameOf(metric)}/windows?from={day.At(from).ToUnixTimeMilliseconds() / 1_000}&to={day.At(to).ToUnixTimeMilliseconds() / 1_000}&step={step}s"
            + "&agg=count,sum,min,max,last,p50,p99&limit=1000" + (groupBy is null ? "" : $"&groupBy={groupBy}");
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}: {text}");
        using var answer = JsonDocument.Parse(text);
        Assert.Equal(step, answer.RootElement.GetProperty("step").GetDouble());
        var groups = Enumerable.Range(0, day.Hosts).GroupBy(host => groupBy switch
        {
            null => DayOfPoints.HostOf(host),
            "*" => "",
            _ => DayOfPoints.RackOf(host),
        }).ToDictionary(static group => group.Key, static group => group.ToList());
        var seriesSeen = 0;
        foreach (var series in answer.RootElement.GetProperty("series").EnumerateArray())
        {
            var tags = series.GetProperty("tags");
            var name = groupBy == "*" ? "" : tags.GetProperty(groupBy ?? "host").GetString()!;
            CheckSeries(day, metric, groups[name], series, from, to, periods, $"{path} {name}");
            seriesSeen++;
        }

        var (first, last) = (from / periods * periods, (to + periods - 1) / periods * periods);
        Assert.Equal(groups.Values.Count(hosts => day.Values(metric, hosts, first, last).Count > 0), seriesSeen);
    }

    private static void CheckSeries(DayOfPoints day, int metric, List<int> hosts, JsonElement series, int from, int to, int periods, string what)
    {
        var windows = series.GetProperty("windows").EnumerateArray().ToDictionary(static window => window.GetProperty("start").GetDateTimeOffset());
        var seen = 0;
        for (var at = from / periods * periods; at < to; at += periods)
        {
            var values = day.Values(metric, hosts, at, at + periods);
            if (values.Count == 0)
            {
                continue;
            }

            seen++;
            Assert.True(windows.TryGetValue(day.At(at), out var window), $"{what}: no window at {day.At(at):O}");
            double Read(string member) => window.GetProperty(member).GetDouble();
            var sorted = values.Order().ToList();
            var exact = (values.Count, values.Sum(), sorted[0], sorted[^1]);
            var found = (window.GetProperty("count").GetInt32(), Read("sum"), Read("min"), Read("max"));
            Assert.True(exact == found, $"{what} at {day.At(at):O}: {found}, exactly {exact}");
            if (hosts.Count == 1)
            {
                Assert.True(values[^1] == Read("last"), $"{what} at {day.At(at):O}: last {Read("last")}, exactly {values[^1]}");
            }

            foreach (var (member, probability) in ((string, double)[])[("p50", 0.5), ("p99", 0.99)])
            {
                var quantile = sorted[(int)Math.Ceiling(probability * sorted.Count * (1 - 4e-16)) - 1];
                Assert.True(Math.Abs(Read(member) - quantile) <= QuantileError * Math.Abs(quantile) + 1e-9, $"{what} at {day.At(at):O}: {member} {Read(member)}, exactly {quantile}");
            }
        }

        Assert.True(seen == windows.Count, $"{what}: {windows.Count} windows, expected {seen}");
    }

    private async Task MeasureAsync(DayOfPoints day, HttpClient http, string directory)
    {
        var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/stats", UriKind.Relative))).RootElement;
        output.WriteLine($"history {stats.GetProperty("historyBytes").GetInt64()} bytes; snapshots.db {new FileInfo(Path.Combine(directory, "snapshots.db")).Length} bytes");
        var (from, to) = (day.Start.ToUnixTimeSeconds(), day.End.ToUnixTimeSeconds());
        foreach (var members in (string[])["mean", "count,sum,min,max,mean,last,p99"])
        {
            var (cold, warm, bytes) = (new List<double>(), new List<double>(), 0L);
            for (var round = 0; round < 11; round++)
            {
                for (var metric = 0; metric < day.Metrics; metric++)
                {
                    var started = Stopwatch.GetTimestamp();
                    var answer = await http.GetByteArrayAsync(new Uri($"/api/metrics/{DayOfPoints.NameOf(metric)}/windows?from={from}&to={to}&step=60s&agg={members}&limit=1000", UriKind.Relative));
                    (round == 0 ? cold : warm).Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                    bytes = answer.Length;
                }
            }

            cold.Sort();
            warm.Sort();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(to - from) / 3_600} h at 1 min over {day.Hosts} series, {members}, {bytes} bytes: first after a start p50 {cold[cold.Count / 2]:F0} ms, most {cold[^1]:F0} ms; then p50 {warm[warm.Count / 2]:F0} ms, p99 {warm[warm.Count * 99 / 100]:F0} ms"));
        }
    }
}
