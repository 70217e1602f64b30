using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Tests.Nodes;

namespace OrleansMetrics.Cli.Tests.CommandLine;

public sealed class ArgumentTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1s", 1_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("00:00:10", 10_000)]
    [InlineData("0:00:10", 10_000)]
    public void Durations_have_units_or_colons(string text, double milliseconds)
    {
        Assert.True(ArgumentValues.TryParseDuration(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("1,5s")]
    [InlineData("1e99s")]
    [InlineData("-00:00:10")]
    [InlineData("99999999999999999999d")]
    public void Other_texts_are_no_durations(string text) => Assert.False(ArgumentValues.TryParseDuration(text, out _));

    [Theory]
    [InlineData("2026-01-01T00:00:00Z")]
    [InlineData("2026-01-01T01:00:00+01:00")]
    [InlineData("2026-01-01")]
    [InlineData("1767225600")]
    [InlineData("24h")]
    public void Instants_are_ISO_or_Unix_seconds_or_ago(string text)
    {
        Assert.True(ArgumentValues.TryParseInstant(text, new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), out var instant));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), instant);
    }

    [Theory]
    [InlineData("a=b", "a", "b")]
    [InlineData("a=b=c", "a", "b=c")]
    public void Tags_are_split_at_the_first_equals_sign(string text, string name, string value)
    {
        Assert.True(ArgumentValues.TryParseTag(text, out var tag));
        Assert.Equal(new KeyValuePair<string, string>(name, value), tag);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("=b")]
    [InlineData("a=")]
    [InlineData("a=b\nc")]
    public void Other_texts_are_no_tags(string text) => Assert.False(ArgumentValues.TryParseTag(text, out _));

    [Theory]
    [InlineData("query --tag a", "is not NAME=VALUE")]
    [InlineData("query --tag a=b", "need a METRIC")]
    [InlineData("query x --tag a=b --tag a=c", "names a tag twice")]
    [InlineData("query x --from 1m", "need --windows")]
    [InlineData("query x --match y", "takes no METRIC")]
    [InlineData("query x --windows --from yesterday", "is not a time")]
    [InlineData("load --points 0", "is not a whole number from 1")]
    [InlineData("load --rate -1", "is not a whole number from 0")]
    [InlineData("load --duration soon", "is not a duration")]
    [InlineData("load --gzip --timestamps now", "--gzip")]
    [InlineData("load --timestamps later", "later")]
    [InlineData("load --prefix a,b", "--prefix")]
    [InlineData("load --metrics 1000000 --series 1000000 --verify", "too many")]
    [InlineData("host --interval 1ms", "at least 100ms")]
    [InlineData("stats --node ftp://x", "is not an http")]
    [InlineData("stats --node", "--node")]
    [InlineData("watch", "watch")]
    [InlineData("bogus", "bogus")]
    [InlineData("demo", "--node URL")]
    public async Task Wrong_usage_is_one_cause_and_exit_code_2(string line, string cause)
    {
        var run = await Cli.RunAsync(line.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(cause, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("demo --help")]
    [InlineData("host --help")]
    [InlineData("query --help")]
    [InlineData("watch --help")]
    [InlineData("stats --help")]
    [InlineData("load --help")]
    public async Task Help_has_examples(string line)
    {
        var run = await Cli.RunAsync(line.Split(' '));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("--node", run.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task An_absent_node_is_one_line_that_names_it()
    {
        foreach (var command in (string[])["stats", "query", "query x", "watch x", "load", "load --verify"])
        {
            var run = await Cli.RunAsync([.. command.Split(' '), "--node", "http://127.0.0.1:1"]);

            Assert.Equal(1, run.ExitCode);
            Assert.Equal("error: cannot reach http://127.0.0.1:1/: Connection refused", run.Error.Trim());
        }
    }

    [Fact]
    public async Task The_environment_names_the_node_and_the_option_wins()
    {
        await using var node = await StubNode.StartAsync();

        Assert.Equal(0, (await Cli.RunAsync(null, ["stats"], node.Address.ToString())).ExitCode);
        Assert.Equal(0, (await Cli.RunAsync(null, ["stats", "--node", node.Address.ToString()], "http://127.0.0.1:1")).ExitCode);
        Assert.Equal(1, (await Cli.RunAsync(null, ["stats"], "http://127.0.0.1:1")).ExitCode);
    }
}
