using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace OrleansMetrics.Streams.Redis.Tests;

/// <summary>
/// A Redis in a process of its own, in a temporary folder, on a free port of the loopback address. Its program comes from the environment
/// variable REDIS_SERVER or the search path (test.sh installs it); without it the tests that need it are skipped.
/// </summary>
public sealed class RedisServer : IDisposable
{
    // Below the ports that systems give to clients, so that a stopped server finds its port free.
    private const int FirstPort = 20_000;
    private const int LastPort = 30_000;

    private static readonly string? Program = FindProgram();

    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-").FullName;
    private readonly string[] _arguments;
    private Process? _process;

    private RedisServer(string[] arguments) => _arguments = arguments;

    public int Port { get; private set; }

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>Skips the running test when there is no Redis.</summary>
    public static void Require() => Skip.If(
        Program is null, "Needs redis-server 6.2 or newer: run ./test.sh as root, or put redis-server on the path, or set REDIS_SERVER to its path.");

    /// <summary>Starts a server. Skips the running test when there is none.</summary>
    /// <param name="arguments">Settings, as on its command line. Without any it writes every append to the disk.</param>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        Require();
        var server = new RedisServer(arguments.Length > 0 ? arguments : ["--appendonly", "yes", "--appendfsync", "always"]);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts the process again, on the same port with the same data.</summary>
    public async Task StartAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = Port != 0 ? Port : FindPort();
            var start = new ProcessStartInfo(Program!) { RedirectStandardOutput = true, RedirectStandardError = true };
            string[] arguments = ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", _directory, "--save", "", "--enable-debug-command", "local", .. _arguments];
            Array.ForEach(arguments, start.ArgumentList.Add);
            var process = new Process { StartInfo = start };
            var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            var output = new StringBuilder();
            process.OutputDataReceived += (_, line) => Read(line.Data, ready, output);
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!await ready.Task.WaitAsync(TimeSpan.FromMinutes(1)))
            {
                // Somebody else was faster to take the port.
                process.Dispose();
                Assert.True(attempt < 5 && Port == 0, $"redis-server ended: {output}");
                continue;
            }

            (_process, Port) = (process, port);
            return;
        }
    }

    /// <summary>Ends the process at once, as kill -9 does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Has the process stand still, with its connections open.</summary>
    public Task StopAsync() => SignalAsync("-STOP");

    /// <summary>Has it go on.</summary>
    public Task ContinueAsync() => SignalAsync("-CONT");

    /// <summary>A connection of its own.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync() =>
        await ConnectionMultiplexer.ConnectAsync($"{ConnectionString},allowAdmin=true");

    /// <summary>Takes bytes off the end of what the stopped server starts from, as a crash of the machine may.</summary>
    public void CutAppendOnlyFile(int bytes)
    {
        using var file = File.OpenWrite(Directory.GetFiles(_directory, "*.incr.aof", SearchOption.AllDirectories).Single());
        file.SetLength(file.Length - bytes);
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            Kill();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private static void Read(string? line, TaskCompletionSource<bool> ready, StringBuilder output)
    {
        output.AppendLine(line);
        if (line is null)
        {
            ready.TrySetResult(false);
        }
        else if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
        {
            ready.TrySetResult(true);
        }
    }

    private static int FindPort()
    {
        while (true)
        {
            var port = Random.Shared.Next(FirstPort, LastPort);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("REDIS_SERVER") is { Length: > 0 } named ? [named] :
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(static folder => Path.Combine(folder, "redis-server")))
        .FirstOrDefault(File.Exists);

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
