using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using OrleansMetrics.Silo.Tests.Architecture;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>The node as a person runs it: a process of its own.</summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private NodeClient? _client;

    private NodeProcess(string assembly, string workingDirectory, string[] args)
    {
        var start = new ProcessStartInfo(DotnetHost())
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(assembly);
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("ASPNETCORE_HTTP_PORTS");
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _output);

    public string Errors => string.Join('\n', _errors);

    /// <summary>As the node prints it.</summary>
    public Uri Address => new(AddressLine().Match(Output).Groups["url"].Value);

    public NodeClient Client => _client ??= new NodeClient(Address, ToString);

    /// <summary>Starts it and does not wait for anything.</summary>
    public static NodeProcess Launch(string workingDirectory, params string[] args) =>
        new(Path.Combine(AppContext.BaseDirectory, "OrleansMetrics.Silo.dll"), workingDirectory, args);

    /// <summary>Starts the sample, from its own output directory: this one lacks what the web framework brings.</summary>
    public static NodeProcess LaunchSample(string workingDirectory, params string[] args)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return new(
            Path.Combine(Repository.Root, "samples", "ClientApp", "bin", output.Parent!.Name, output.Name, "OrleansMetrics.ClientApp.dll"), workingDirectory, args);
    }

    /// <summary>Starts a node on any port and its data in the directory, and waits until it says that it is ready.</summary>
    public static async Task<NodeProcess> StartAsync(string directory, params string[] args)
    {
        var node = Launch(directory, ["--urls", "http://127.0.0.1:0", .. args]);
        await node.WaitForOutputAsync(AddressLine());
        return node;
    }

    public async Task<Match> WaitForOutputAsync(Regex expected)
    {
        await Eventually.ReadAsync(
            $"The process prints /{expected}/",
            () => Task.FromResult(Output),
            text => expected.IsMatch(text) || (_process.HasExited ? throw new InvalidOperationException($"The process has ended.\n{this}") : false),
            ToString);
        return expected.Match(Output);
    }

    /// <summary>Asks it to stop, as a service manager does.</summary>
    public void Terminate() => Assert.Equal(0, SendSignal(_process.Id, SigTerm));

    /// <summary>Kills it, as the kernel does when memory is short.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for the end, with all output.</summary>
    public async Task<int> WaitForExitAsync()
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The process did not end within {Eventually.Patience}.\n{this}");
        }
    }

    public override string ToString() => $"--- output\n{Output}\n--- errors\n{Errors}";

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // The test host may be an executable of its own.
    private static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet");

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    [GeneratedRegex(@"OrleansMetrics is ready on (?<url>\S+)")]
    private static partial Regex AddressLine();

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}
