using System.Net;
using System.Net.Sockets;
using OrleansMetrics.Faults.Processes;
using OrleansMetrics.Silo.Hosting;
using OrleansMetrics.Silo.Tests.Nodes;

namespace OrleansMetrics.Silo.Tests.Hosting;

public sealed class StartFailureTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task All_bad_settings_are_named_at_once_and_nothing_is_created()
    {
        var failures = await RefusedAsync(
            "--urls", "nonsense", "--Windows:Size=0", "--Flush:Interval=99:00:00", "--Partitions:Count=0", "--Log:Sync=Sometimes", "--Windows:Quantiles:0=x",
            "--Node:SiloPort=abc", "--Node:ShutdownTimeout=00:00:01", "--Ingest:MaxLineBytes=1", "--Batching:MaxBatchPoints=1", "--SeriesCache:MaxSeries=0", "--Streams:ReadMaxBytes=1");

        string[] expected =
        [
            "--urls is 'nonsense'", "Windows:Quantiles:0 is 'x'", "Flush:Interval is 99.00:00:00", "Partitions:Count is 0", "Log:Sync is 'Sometimes'",
            "Node:SiloPort is 'abc'", "Ingest:MaxLineBytes", "Batching:MaxBatchPoints is 1", "SeriesCache:MaxSeries", "Streams:ReadMaxBytes",
        ];
        Assert.All(expected, setting => Assert.Single(failures, failure => failure.StartsWith(setting, StringComparison.Ordinal)));
        Assert.Empty(Directory.GetFiles(_directory.Path, "*.db", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("--Windows:Size=0", "Windows:Size is 00:00:00; it must be whole milliseconds from 00:00:00.1 to 1.00:00:00.")]
    [InlineData("--Windows:Size=abc", "Windows:Size is 'abc'; it must be a time such as 00:00:10 for ten seconds.")]
    [InlineData("--Flush:Interval=10", "Flush:Interval is '10'; it must be a time such as 00:00:10 for ten seconds.")]
    [InlineData("--Partitions:Count=", "Partitions:Count is ''; it must be a whole number.")]
    [InlineData("--Windows:Quantiles=0.5", "Windows:Quantiles is '0.5'; it is a list and is given one by one: Windows:Quantiles:0, Windows:Quantiles:1 …")]
    [InlineData("--Node:ShutdownTimeout=00:00:01", "Node:ShutdownTimeout is 00:00:01; it must be 00:00:05 to 01:00:00.")]
    [InlineData("--Log:Sync=Sometimes", "Log:Sync is 'Sometimes'; it must be Normal or Full.")]
    public async Task A_bad_value_is_shown_with_what_is_expected(string setting, string message) =>
        Assert.Equal([message], await RefusedInProcessAsync("--urls=http://127.0.0.1:0", setting));

    [Fact]
    public async Task A_directory_with_another_number_of_partitions_is_left_alone()
    {
        await using (await TestNode.StartAsync(_directory.Path, "--Partitions:Count=4"))
        {
            // It only creates the directory.
        }

        var failure = Assert.Single(await RefusedAsync("--urls=http://127.0.0.1:0", $"--Storage:Directory={_directory.Path}", "--Partitions:Count=5"));

        Assert.Contains("was created with 4 partitions and cannot be opened with 5", failure, StringComparison.Ordinal);
        await using var again = await TestNode.StartAsync(_directory.Path, "--Partitions:Count=4");
    }

    [Fact]
    public async Task A_directory_belongs_to_one_node_at_a_time()
    {
        await using (var node = await TestNode.StartAsync(_directory.Path))
        {
            var failure = Assert.Single(await RefusedAsync("--urls=http://127.0.0.1:0", $"--Storage:Directory={_directory.Path}"));

            Assert.Equal($"Storage:Directory '{_directory.Path}' is in use by another node; each needs a directory of its own.", failure);
            await node.Client.WriteAsync("still value=1");
            await node.Client.SettleAsync();
        }

        await using var next = await TestNode.StartAsync(_directory.Path);
    }

    [Fact]
    public async Task A_log_that_ends_before_its_snapshots_is_refused()
    {
        await using (var node = await TestNode.StartAsync(_directory.Path))
        {
            await node.Client.WriteAsync("lost value=1");
            await node.Client.SettleAsync();
        }

        Directory.Delete(Path.Combine(_directory.Path, "log"), recursive: true);

        var failure = Assert.Single(await RefusedAsync("--urls=http://127.0.0.1:0", $"--Storage:Directory={_directory.Path}"));
        Assert.Contains("log", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sqlite_log_of_an_earlier_version_is_imported_and_not_ignored_by_either_provider()
    {
        await using (var node = await TestNode.StartAsync(_directory.Path, "--Log:Provider=Sqlite"))
        {
            await node.Client.WriteAsync("kept value=1");
            await node.Client.SettleAsync();
        }

        Assert.True(File.Exists(Path.Combine(_directory.Path, "log.db")));
        await using (var node = await TestNode.StartAsync(_directory.Path))
        {
            await node.Client.WriteAsync("kept value=2");
            await node.Client.SettleAsync();
            Assert.Equal(2, (await node.Client.CountPointsAsync("kept"))["kept"]);
        }

        Assert.True(File.Exists(Path.Combine(_directory.Path, "log.db.imported")));
        var failure = Assert.Single(await RefusedInProcessAsync("--urls=http://127.0.0.1:0", "--Log:Provider=Sqlite"));
        Assert.Contains("is in segment files", failure, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, "log.db"), "");
        failure = Assert.Single(await RefusedInProcessAsync("--urls=http://127.0.0.1:0"));
        Assert.StartsWith("There are two point logs", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("log.db")]
    [InlineData("snapshots.db")]
    public async Task A_file_that_is_no_database_is_named(string file)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, file), new string('x', 10_000));

        var failure = Assert.Single(await RefusedInProcessAsync("--urls=http://127.0.0.1:0", $"--Storage:Directory={_directory.Path}"));

        Assert.EndsWith($"{file}' is not a SQLite database.", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_to_is_named()
    {
        // A file stands in the way: file permissions do not stop the root user of a container.
        var file = Path.Combine(_directory.Path, "file");
        await File.WriteAllTextAsync(file, "");

        var failure = Assert.Single(await RefusedAsync("--urls=http://127.0.0.1:0", $"--Storage:Directory={file}/data"));

        Assert.StartsWith($"Storage:Directory is '{file}/data'; it cannot be written to: ", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "http://127.0.0.1:{0} (--urls) cannot be listened on: another program listens there.")]
    [InlineData(3_031, "Port {0} (Node:SiloPort) cannot be listened on: another program listens there.")]
    [InlineData(21_920, "Port {0} (Node:GatewayPort) cannot be listened on: another program listens there.")]
    public async Task A_port_in_use_is_named_with_its_setting(int offset, string message)
    {
        var port = FreePort.Next();
        using var other = new TcpListener(IPAddress.Loopback, port + offset);
        other.Start();

        var failures = await RefusedInProcessAsync($"--urls=http://127.0.0.1:{port}", $"--Storage:Directory={_directory.Path}");

        Assert.Equal([string.Format(System.Globalization.CultureInfo.InvariantCulture, message, port + offset)], failures);
    }

    [Fact]
    public async Task Https_without_a_certificate_is_refused_in_words()
    {
        var failure = Assert.Single(await RefusedAsync("--urls=https://127.0.0.1:0", $"--Storage:Directory={_directory.Path}"));

        Assert.StartsWith("Unable to configure HTTPS endpoint.", failure, StringComparison.Ordinal);
    }

    // The whole process: exit code 1, nothing but sentences, and no second telling on the standard output.
    private async Task<string[]> RefusedAsync(params string[] args)
    {
        await using var node = NodeProcess.Launch(_directory.Path, args);
        Assert.True(await node.WaitForExitAsync() == 1, node.ToString());
        Assert.DoesNotContain("   at ", node.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("fail: ", node.Output, StringComparison.Ordinal);
        return Failures(node.Errors);
    }

    // As the process does, without the cost of one.
    private async Task<string[]> RefusedInProcessAsync(params string[] args)
    {
        using var errors = new StringWriter();
        Assert.Equal(1, await NodeProgram.RunAsync([$"--Storage:Directory={_directory.Path}", .. args], errors));
        return Failures(errors.ToString());
    }

    private static string[] Failures(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("The node cannot start:", lines[0]);
        return [.. lines.Skip(1).Select(static line => line.Trim())];
    }
}
