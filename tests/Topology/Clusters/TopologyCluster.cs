using System.Diagnostics;
using System.Globalization;
using System.Text;
using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Topology.Clusters;

/// <summary>Redis, Azurite, silos and gateways as processes, by scripts/cluster, on free ports and in a temporary directory.</summary>
internal sealed class TopologyCluster : IAsyncDisposable
{
    private const int UpAttempts = 3;
    private const int ShownLogLines = 60;

    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-topology-").FullName;
    private readonly Dictionary<string, string> _environment;
    private readonly string _programs;
    private Dictionary<string, Uri> _addresses = [];

    private TopologyCluster(IReadOnlyDictionary<string, string> settings, bool isAsDeployed)
    {
        _programs = isAsDeployed ? Path.Combine(_directory, "published") : AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var settingsFile = Path.Combine(_directory, "test.env");
        File.WriteAllLines(settingsFile, settings.Select(static setting => $"{setting.Key}={setting.Value}"));
        _environment = new Dictionary<string, string>
        {
            ["OM_CLUSTER_DIR"] = Path.Combine(_directory, "cluster"),
            ["OM_CLUSTER_PORT"] = "0",
            ["OM_CLUSTER_ENV"] = settingsFile,
            ["OM_CLUSTER_BIN"] = Environment.GetEnvironmentVariable("OM_OLD_BIN") is { Length: > 0 } old ? old : _programs,

            // Those built with the tests would compile everything twice as long, to be fast at once (docs/decisions/003-compile-once.md).
            ["DOTNET_TieredCompilation"] = "1",
        };
    }

    /// <summary>The gateways that were started, by name.</summary>
    public IReadOnlyDictionary<string, Uri> Gateways => _addresses.Where(static node => node.Key.StartsWith("gateway-", StringComparison.Ordinal)).ToDictionary();

    /// <summary>Where Redis and Azurite keep their data, in folders of their names.</summary>
    public string DataDirectory => _environment["OM_CLUSTER_DIR"];

    /// <summary>Skips the running test where the cluster cannot be started.</summary>
    public static void Require()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "scripts/cluster needs Linux.");
        Skip.IfNot(
            File.Exists(Environment.GetEnvironmentVariable("AZURITE_BLOB")),
            "Needs Azurite 3.35.0: run ./test.sh, or set AZURITE_BLOB to the path of its program azurite-blob.");
        var redis = Environment.GetEnvironmentVariable("REDIS_SERVER") is { Length: > 0 } named
            ? [named]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(static folder => Path.Combine(folder, "redis-server"));
        Skip.IfNot(redis.Any(File.Exists), "Needs redis-server 6.2 or newer: run ./test.sh as root, or put it on the path, or set REDIS_SERVER to its path.");
    }

    /// <summary>Starts a cluster of three silos and two gateways.</summary>
    /// <param name="settings">On top of deploy/cluster.env, as the environment has them.</param>
    /// <param name="isAsDeployed">Published for this machine, as in an image, instead of those built with these tests.</param>
    public static async Task<TopologyCluster> StartAsync(IReadOnlyDictionary<string, string> settings, bool isAsDeployed)
    {
        Require();
        var cluster = new TopologyCluster(settings, isAsDeployed);
        try
        {
            if (isAsDeployed)
            {
                await PublishAsync(cluster._programs);
            }

            await cluster.UpAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts everything with the data that there is.</summary>
    public async Task UpAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Somebody else may take a port between the choice and the start.
                ReadAddresses(await RunAsync("up"));

                // The same from now on, like the data.
                _environment["OM_CLUSTER_PORT"] = File.ReadLines(Path.Combine(DataDirectory, "cluster.state")).First();
                return;
            }
            catch (InvalidOperationException) when (attempt < UpAttempts)
            {
                await RunAsync("down");
            }
        }
    }

    /// <summary>Has nodes that are started from now on be those that were built with these tests; see OM_OLD_BIN.</summary>
    public void Upgrade() => _environment["OM_CLUSTER_BIN"] = _programs;

    /// <summary>Whether a node is one of those that were built with these tests.</summary>
    public async Task<bool> IsNewAsync(string node) =>
        (await File.ReadAllTextAsync($"/proc/{await ReadPidAsync(node)}/cmdline")).Contains(_programs, StringComparison.Ordinal);

    /// <summary>Runs a command of scripts/cluster; its output.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output) = await TryRunAsync(arguments);
        return code == 0 ? output : throw new InvalidOperationException($"scripts/cluster {string.Join(' ', arguments)} failed with {code}: {output}");
    }

    /// <summary>Runs a command of scripts/cluster; its exit code and output.</summary>
    public Task<(int Code, string Output)> TryRunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "scripts", "cluster"), arguments);
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        return RunToEndAsync(start);
    }

    /// <summary>Sends a signal to a node that runs: STOP, CONT.</summary>
    public async Task SignalAsync(string node, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", await ReadPidAsync(node)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The end of every node's output.</summary>
    public string ReadOutput()
    {
        var all = new StringBuilder();
        var logs = Path.Combine(DataDirectory, "logs");
        foreach (var log in (Directory.Exists(logs) ? Directory.GetFiles(logs) : []).Order(StringComparer.Ordinal))
        {
            all.AppendLine(CultureInfo.InvariantCulture, $"--- {Path.GetFileNameWithoutExtension(log)}").AppendJoin('\n', File.ReadLines(log).TakeLast(ShownLogLines)).AppendLine();
        }

        return all.ToString();
    }

    /// <summary>Copies every node's output to a directory.</summary>
    public void KeepOutput(string directory)
    {
        var logs = Path.Combine(DataDirectory, "logs");
        Directory.CreateDirectory(directory);
        foreach (var log in Directory.Exists(logs) ? Directory.GetFiles(logs) : [])
        {
            File.Copy(log, Path.Combine(directory, Path.GetFileName(log)), overwrite: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What stands still does not end gracefully, and what is thrown away need not.
        var nodes = Path.Combine(DataDirectory, "nodes");
        foreach (var node in Directory.Exists(nodes) ? Directory.GetFiles(nodes).Select(Path.GetFileName) : [])
        {
            await TryRunAsync("kill", node!);
        }

        Directory.Delete(_directory, recursive: true);
    }

    private static async Task PublishAsync(string directory)
    {
        var (code, output) = await RunToEndAsync(new ProcessStartInfo(
            "dotnet", ["publish", Path.Combine(Repository.Root, "src", "Silo"), "-c", "Release", "--use-current-runtime", "-v", "quiet", "--nologo", "-o", directory]));
        if (code != 0)
        {
            throw new InvalidOperationException($"dotnet publish failed with {code}: {output}");
        }
    }

    private static async Task<(int Code, string Output)> RunToEndAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }

    private async Task<string> ReadPidAsync(string node) => (await File.ReadAllTextAsync(Path.Combine(DataDirectory, "nodes", node))).Split(' ')[0];

    private void ReadAddresses(string status) => _addresses = status.Split('\n')
        .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(static fields => fields.Length == 4 && fields[3].StartsWith("http://", StringComparison.Ordinal))
        .ToDictionary(static fields => fields[0], static fields => new Uri(fields[3]));
}
