using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Architecture;

public sealed partial class MetricsDocumentTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private TestNode _node = null!;

    // Nothing is ever posted to it: what it shows was there from the start.
    public async Task InitializeAsync() => _node = await TestNode.StartAsync(_directory.Path);

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public void The_document_lists_the_instruments_of_a_started_node_and_no_others() =>
        Assert.Equal(Instruments().Order(StringComparer.Ordinal), Documented().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_class_of_instruments_is_created_when_the_node_starts()
    {
        var published = Published().Select(static instrument => instrument.Meter.Name).ToHashSet();
        var classes = Directory.EnumerateFiles(AppContext.BaseDirectory, "OrleansMetrics.*.dll")
            .Select(static file => Path.GetFileNameWithoutExtension(file)).Where(static name => !name.EndsWith(".Tests", StringComparison.Ordinal))
            .SelectMany(static name => Assembly.Load(name).GetTypes()).Where(static type => type.Name.EndsWith("Instruments", StringComparison.Ordinal)).ToList();

        Assert.True(classes.Count >= 2);
        Assert.All(classes, type => Assert.Contains((string)type.GetField("MeterName")!.GetValue(null)!, published));
    }

    [Fact]
    public async Task They_are_scraped_before_the_first_request()
    {
        var text = await _node.Client.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        // A histogram has nothing to show before its first value.
        Assert.All(
            Published().Where(static instrument => instrument.IsObservable),
            instrument => Assert.Contains($"\n{instrument.Name.Replace('.', '_')}", text, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Instruments() => Published()
        .Select(static instrument => $"{instrument.Meter.Name} | {instrument.Name} | {Kind(instrument)} | {instrument.Unit} | {instrument.Description}")
        .Distinct();

    private static List<Instrument> Published()
    {
        var published = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("OrleansMetrics.", StringComparison.Ordinal))
                {
                    lock (published)
                    {
                        published.Add(instrument);
                    }
                }
            },
        };
        listener.Start();
        lock (published)
        {
            return [.. published];
        }
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0].Replace("Observable", "", StringComparison.Ordinal) switch
    {
        "Counter" => "counter",
        "UpDownCounter" => "up-down counter",
        "Gauge" => "gauge",
        "Histogram" => "histogram",
        var other => other,
    };

    // ## meter, then rows: | `name` | kind | unit | attributes | meaning |
    private static IEnumerable<string> Documented()
    {
        var meter = "";
        foreach (var line in Repository.Read("docs/metrics.md").Split('\n'))
        {
            if (MeterLine().Match(line) is { Success: true } heading)
            {
                meter = heading.Groups[1].Value;
            }
            else if (RowLine().Match(line) is { Success: true } row && meter.StartsWith("OrleansMetrics.", StringComparison.Ordinal))
            {
                yield return $"{meter} | {row.Groups[1].Value} | {row.Groups[2].Value} | {row.Groups[3].Value} | {row.Groups[4].Value}";
            }
        }
    }

    [GeneratedRegex(@"^## (?:Meter )?`?([\w. ]+)`?\s*$")]
    private static partial Regex MeterLine();

    [GeneratedRegex(@"^\| `([\w.]+)` \| ([\w -]+) \| `([^`]+)` \| [^|]* \| (.*?) \|\s*$")]
    private static partial Regex RowLine();
}
