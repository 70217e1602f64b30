using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using OrleansMetrics.Faults.Load;
using OrleansMetrics.Faults.Node;

namespace OrleansMetrics.Faults.Processes;

/// <summary>A node at one address with one data directory, in one process after the other.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int KeptLines = 120;
    private const int KeptLineLength = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly string[] _settings;
    private readonly HttpClient _http;
    private readonly StreamWriter _wholeOutput;
    private Process? _process;
    private volatile bool _isReady;
    private int _runs;

    public NodeProcess(string dataDirectory, int port, params string[] settings)
    {
        Address = new Uri($"http://127.0.0.1:{port}");
        _settings = ["--urls", Address.ToString(), "--Storage:Directory", dataDirectory, "--Node:Name=node", .. settings];
        _http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };
        OutputFile = Path.Combine(AppContext.BaseDirectory, $"node-{port}.log");
        _wholeOutput = new StreamWriter(OutputFile);
    }

    public Uri Address { get; }

    /// <summary>Compiled as the node is in use (docs/decisions/003-compile-once.md); a schedule starts its node too often for that.</summary>
    public bool IsAsDeployed { get; init; }

    /// <summary>How long the last start took.</summary>
    public TimeSpan StartTime { get; private set; } = TimeSpan.FromSeconds(2);

    /// <summary>Kept when the node is started again.</summary>
    public TimeSpan ClockOffset { get; set; }

    public bool HasExited => _process?.HasExited ?? true;

    /// <summary>Where all lines of all runs are; kept when <see cref="KeepsOutput"/>.</summary>
    public string OutputFile { get; }

    public bool KeepsOutput { get; set; }

    /// <summary>Whether the node, in the run that has just ended, said that it is drained and balanced.</summary>
    public bool SaidBalanced { get; private set; }

    /// <summary>The newest lines of all runs.</summary>
    public string OutputTail => string.Join('\n', _output);

    /// <summary>Starts the node and does not wait.</summary>
    public void Launch()
    {
        var start = new ProcessStartInfo(DotnetHost()) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OrleansMetrics.Faults.dll"));
        start.ArgumentList.Add("node");
        foreach (var setting in _settings)
        {
            start.ArgumentList.Add(setting);
        }

        start.ArgumentList.Add($"--Faults:Seed={_runs}");
        start.ArgumentList.Add($"--Faults:ClockOffset={(long)ClockOffset.TotalMilliseconds}");
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("ASPNETCORE_HTTP_PORTS");
        if (IsAsDeployed)
        {
            start.Environment["DOTNET_TieredCompilation"] = "0";
        }

        _isReady = false;
        SaidBalanced = false;
        _process?.Dispose();
        var run = ++_runs;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(run, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(run, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Starts the node and waits until it says that it is ready.</summary>
    public async Task StartAsync()
    {
        var started = Stopwatch.GetTimestamp();
        Launch();
        await Eventually.RequireAsync("The node is ready", () => _isReady || HasExited, Patience);
        if (!_isReady)
        {
            throw new InvalidOperationException($"The node did not start; exit code {_process!.ExitCode}.");
        }

        StartTime = Stopwatch.GetElapsedTime(started);
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await WaitForExitAsync();
    }

    /// <summary>Asks the node to stop; its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Signals.Terminate(_process!);
        await WaitForExitAsync();
        return _process!.ExitCode;
    }

    public void Stop() => Signals.Stop(_process!);

    public void Continue() => Signals.Continue(_process!);

    public async Task WaitForExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process!.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The node did not end within {Patience.TotalSeconds:F0} s.");
        }
    }

    public async Task SetFaultsAsync(FaultSettings settings)
    {
        using var response = await _http.PostAsJsonAsync(FaultEndpoint.Path, settings);
        response.EnsureSuccessStatusCode();
    }

    public async Task DeactivateAsync(string grain, string key)
    {
        using var response = await _http.PostAsync(new Uri($"{FaultEndpoint.Path}/deactivate?grain={grain}&key={key}", UriKind.Relative), null);
        response.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        lock (_wholeOutput)
        {
            _wholeOutput.Dispose();
        }

        if (!KeepsOutput)
        {
            File.Delete(OutputFile);
        }
    }

    // The test host may be an executable of its own.
    private static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet");

    private void Keep(int run, string? line)
    {
        if (string.IsNullOrEmpty(line))
        {
            return;
        }

        if (line.Contains("OrleansMetrics is ready on", StringComparison.Ordinal) && run == _runs)
        {
            _isReady = true;
        }

        if (line.Contains("in flight 0; balanced.", StringComparison.Ordinal) && run == _runs)
        {
            SaidBalanced = true;
        }

        lock (_wholeOutput)
        {
            if (_wholeOutput.BaseStream is not null)
            {
                _wholeOutput.WriteLine($"[run {run}] {line}");
            }
        }

        _output.Enqueue($"[run {run}] {(line.Length > KeptLineLength ? line[..KeptLineLength] : line)}");
        while (_output.Count > KeptLines)
        {
            _output.TryDequeue(out _);
        }
    }
}
