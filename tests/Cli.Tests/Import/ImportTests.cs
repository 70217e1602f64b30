using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Cli.Demo;

namespace OrleansMetrics.Cli.Tests.Import;

public sealed class ImportTests
{
    [Fact]
    public async Task History_from_elsewhere_comes_in_once_and_what_leaves_a_node_comes_into_another_as_it_was()
    {
        var hour = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 3_600 * 3_600).AddHours(-50);
        var lines = new StringBuilder();
        for (var i = 0; i < 300; i++)
        {
            var start = hour.AddMinutes(10 * (i / 3));
            lines.Append(CultureInfo.InvariantCulture, $$$"""{"metric":"cpu load","kind":"distribution","tags":{"host":"h{{{i % 3}}}"},"start":"{{{start:O}}}","end":"{{{start.AddMinutes(10):O}}}","values":[{{{i}}},2.5,{{{i}}}]}""").Append('\n');
            lines.Append(CultureInfo.InvariantCulture, $$$"""{"metric":"requests","kind":"counter","start":{{{start.AddMinutes(-200 * (i % 3)).ToUnixTimeMilliseconds()}}},"end":{{{start.AddMinutes((-200 * (i % 3)) + 10).ToUnixTimeMilliseconds()}}},"count":500,"sum":500,"min":1,"max":1}""").Append("\r\n\n");
        }

        var directory = Directory.CreateTempSubdirectory("import");
        try
        {
            var file = Path.Combine(directory.FullName, "elsewhere.ndjson");
            await File.WriteAllTextAsync(file, lines.ToString());
            await using var source = await EmbeddedNode.StartAsync(CancellationToken.None);
            var run = await CommandLine.Cli.AtAsync(source.Address, "import", file);
            Assert.True(run.ExitCode == 0, run.Error);
            var distinct = 300 + lines.ToString().Split('\n').Where(static line => line.Contains("requests", StringComparison.Ordinal)).Distinct().Count();
            Assert.Equal($"{distinct} windows imported, {600 - distinct} already there, 0 older than what is kept, 0 rejected", run.Error.Trim());
            run = await CommandLine.Cli.AtAsync(source.Address, "import", file);
            Assert.Equal((0, "0 windows imported, 600 already there, 0 older than what is kept, 0 rejected"), (run.ExitCode, run.Error.Trim()));

            run = await CommandLine.Cli.AtAsync(source.Address, "query", "cpu load");
            Assert.Equal(0, run.ExitCode);
            var human = await CommandLine.Cli.AtAsync(source.Address, "export", "--from", "60d", "--step", "1h");
            var hours = human.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.Equal(900, hours.Where(static window => window.GetProperty("metric").GetString() == "cpu load").Sum(static window => window.GetProperty("count").GetInt64()));

            var backup = await CommandLine.Cli.AtAsync(source.Address, "export", "--backup");
            Assert.True(backup.ExitCode == 0, backup.Error);
            Assert.Equal($"{distinct} windows of 2 metrics", backup.Error.Trim());
            var saved = Path.Combine(directory.FullName, "backup.ndjson");
            await File.WriteAllTextAsync(saved, backup.Output);

            await using var target = await EmbeddedNode.StartAsync(CancellationToken.None);
            run = await CommandLine.Cli.AtAsync(target.Address, "import", saved);
            Assert.Equal((0, $"{distinct} windows imported, 0 already there, 0 older than what is kept, 0 rejected"), (run.ExitCode, run.Error.Trim()));
            Assert.Equal(backup.Output, (await CommandLine.Cli.AtAsync(target.Address, "export", "--backup")).Output);
            Assert.Equal(human.Output, (await CommandLine.Cli.AtAsync(target.Address, "export", "--from", "60d", "--step", "1h")).Output);

            // The same as CSV.
            await using var third = await EmbeddedNode.StartAsync(CancellationToken.None);
            var csv = await CommandLine.Cli.AtAsync(source.Address, "export", "--backup", "--format", "csv");
            Assert.Equal((0, $"{distinct} windows of 2 metrics"), (csv.ExitCode, csv.Error.Trim()));
            await File.WriteAllTextAsync(saved, csv.Output);
            run = await CommandLine.Cli.AtAsync(third.Address, "import", saved);
            Assert.Equal((0, $"{distinct} windows imported, 0 already there, 0 older than what is kept, 0 rejected"), (run.ExitCode, run.Error.Trim()));
            Assert.Equal(backup.Output, (await CommandLine.Cli.AtAsync(third.Address, "export", "--backup")).Output);

            // A part of it.
            run = await CommandLine.Cli.AtAsync(target.Address, "export", "--backup", "--match", "cpu*", "--tag", "host=h1", "--from", hour.AddHours(1).ToString("O"), "--to", hour.AddHours(2).ToString("O"));
            Assert.Equal(6, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Lines_that_cannot_be_imported_are_named_and_the_others_are_imported()
    {
        var start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 3_600 * 3_600).AddHours(-5).ToUnixTimeMilliseconds();
        string[] lines =
        [
            $$"""{"metric":"a","start":{{start}},"end":{{start + 60_000}},"values":[1,2]}""",
            "no line",
            $$"""{"metric":"a","start":{{start + 60_000}},"end":{{start + 120_000}},"count":9,"sum":20,"min":1,"max":3,"last":2}""",
            $$"""{"start":{{start}},"end":{{start + 60_000}},"values":[7]}""",
            $$"""{"metric":"a","start":"soon","end":{{start + 60_000}},"values":[1,2]}""",
            $$"""{"metric":"a","kind":"set","start":{{start}},"end":{{start + 60_000}},"values":[1,2]}""",
        ];
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, lines);
            await using var node = await EmbeddedNode.StartAsync(CancellationToken.None);
            var run = await CommandLine.Cli.AtAsync(node.Address, "import", file);
            var said = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal((1, "1 windows imported, 0 already there, 0 older than what is kept, 5 rejected"), (run.ExitCode, said[^1].Trim()));
            Assert.Equal(
                ["line 2: malformed", "line 3: no_sketch", "line 4: no_metric", "line 5: malformed", "line 6: kind_conflict"],
                said[..^1].Select(static line => string.Join(':', line.Split(':')[..2])).Order(StringComparer.Ordinal));

            run = await CommandLine.Cli.AtAsync(node.Address, "import", file, "--metric", "b");
            Assert.Contains("1 windows imported, 1 already there", run.Error, StringComparison.Ordinal);
            run = await CommandLine.Cli.AtAsync(node.Address, "export", "--backup", "--match", "b");
            Assert.Equal("b", JsonDocument.Parse(run.Output).RootElement.GetProperty("metric").GetString());

            // A metric of another kind.
            await File.WriteAllTextAsync(file, $$"""{"metric":"a","kind":"counter","start":{{start}},"end":{{start + 60_000}},"values":[1]}""");
            run = await CommandLine.Cli.AtAsync(node.Address, "import", file);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("HTTP 409, Kind conflict: The metric is a gauge, the windows are of a counter.", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Csv_from_elsewhere_comes_in_and_records_that_cannot_are_named()
    {
        var start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 3_600 * 3_600).AddHours(-5);
        string Time(int minute) => start.AddMinutes(minute).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        string[] lines =
        [
            "start,end,series,values,note",
            $"{Time(0)},{Time(1)},host=a,1 2.5 -3e1,",
            $"{start.AddMinutes(1).ToUnixTimeMilliseconds()},{start.AddMinutes(2).ToUnixTimeMilliseconds()},\"city=\"\"Bad\\, Ems\"\"\",7,\"over",
            "two lines\"",
            $"{Time(0)},{Time(1)},host=a",
            $"{Time(0)},{Time(1)},host,1,",
            $"{Time(0)},{Time(1)},host=b,1 two,",
            $"{Time(0)},{Time(1)},host=c,1,not \"quoted\"",
            "",
            $"soon,{Time(1)},host=d,1,",
        ];
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, string.Join("\r\n", lines));
            await using var node = await EmbeddedNode.StartAsync(CancellationToken.None);
            var run = await CommandLine.Cli.AtAsync(node.Address, "import", file, "--metric", "m");
            var said = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal((1, "2 windows imported, 0 already there, 0 older than what is kept, 5 rejected"), (run.ExitCode, said[^1].Trim()));
            Assert.Equal(
                ["line 10: malformed", "line 5: malformed", "line 6: malformed", "line 7: malformed", "line 8: malformed"],
                said[..^1].Select(static line => string.Join(':', line.Split(':')[..2])).Order(StringComparer.Ordinal));
            Assert.Contains("line 5: malformed: The line has 3 fields, the header 5.", run.Error, StringComparison.Ordinal);
            Assert.Contains("line 6: malformed: 'series' is no series as in host=a,region=eu.", run.Error, StringComparison.Ordinal);

            run = await CommandLine.Cli.AtAsync(node.Address, "export", "--backup", "--format", "csv");
            string[] expected =
            [
                "metric,kind,series,start,end,count,sum,min,max,last,lastUpdated,revision,values,sketch",
                $"m,gauge,\"city=\"\"Bad\\, Ems\"\"\",{Time(1)},{Time(2)},1,7,7,7,7,{Time(1)},,7,",
                $"m,gauge,host=a,{Time(0)},{Time(1)},3,-26.5,-30,2.5,-30,{Time(0)},,1 2.5 -30,",
            ];
            Assert.Equal(expected, run.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).OrderBy(static line => !line.StartsWith("metric", StringComparison.Ordinal)));

            run = await CommandLine.Cli.AtAsync(node.Address, "export", "--from", "1d", "--step", "1m", "--tag", "host=a", "--format", "csv", "--agg", "mean,count");
            Assert.Equal($"metric,kind,series,start,end,final,mean,count\r\nm,gauge,host=a,{Time(0)},{Time(1)},true,{-26.5 / 3:R},3\r\n", run.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("export", "--backup", "--step=1h")]
    [InlineData("export", "--backup", "--agg=mean")]
    [InlineData("export", "--format=csv")]
    [InlineData("export", "--format=xml")]
    [InlineData("import", "/no/such/file")]
    public async Task What_makes_no_sense_is_wrong_usage(params string[] args) =>
        Assert.Equal(2, (await CommandLine.Cli.AtAsync(new Uri("http://127.0.0.1:1"), args)).ExitCode);

    [Fact]
    public async Task A_node_that_does_not_answer_is_asked_again_until_patience_ends()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, """{"metric":"a","start":0,"end":1000,"values":[1]}""");
            var run = await CommandLine.Cli.AtAsync(new Uri("http://127.0.0.1:1"), "import", file, "--patience", "1ms");
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("Run it again to go on.", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
