using System.Diagnostics;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;

namespace OrleansMetrics.Persistence.AzureStorage.Tests;

/// <summary>
/// An emulated storage account in a process of its own, in a temporary folder, on a free port of the loopback address. Where Azurite is
/// comes from the environment variable AZURITE_BLOB (test.sh installs it and sets this); without it the tests that need it are skipped.
/// </summary>
public sealed partial class Azurite : IAsyncLifetime
{
    // Public: every Azurite has it.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly string _directory = Directory.CreateTempSubdirectory("orleansmetrics-").FullName;
    private Process? _process;

    private static string Program => Environment.GetEnvironmentVariable("AZURITE_BLOB") ?? "";

    /// <summary>The port, also after the process has ended.</summary>
    public int Port { get; private set; }

    public Task InitializeAsync() => File.Exists(Program) ? StartAsync() : Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Skips the running test when there is no Azurite.</summary>
    public static void Require() => Skip.IfNot(
        File.Exists(Program), "Needs Azurite 3.35.0: run ./test.sh, or set AZURITE_BLOB to the path of its program azurite-blob.");

    /// <summary>A client of the account.</summary>
    public BlobServiceClient Connect() => Connect(Port);

    /// <summary>A client that tries again once, at once.</summary>
    public static BlobServiceClient Connect(int port, string key = Key) => AzureBlobService.Connect(
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;",
        new BlobClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1), NetworkTimeout = TimeSpan.FromSeconds(20) } });

    /// <summary>Starts the process, with the blobs and on the port that it had before.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "--blobHost", "127.0.0.1", "--blobPort", $"{Port}", "--location", _directory, "--blobKeepAliveTimeout", "1",
            "--skipApiVersionCheck", "--disableTelemetry", "--silent",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        var process = new Process { StartInfo = start };
        var listens = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new List<string?>();
        process.OutputDataReceived += Read;
        process.ErrorDataReceived += Read;
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Port = await listens.Task.WaitAsync(TimeSpan.FromMinutes(2));

        void Read(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.Add(line.Data);
                if (Listens().Match(line.Data ?? "") is { Success: true } match)
                {
                    listens.TrySetResult(int.Parse(match.Groups[1].ValueSpan));
                }
                else if (line.Data is null)
                {
                    listens.TrySetException(new InvalidOperationException($"Azurite ended: {string.Join('\n', output)}"));
                }
            }
        }
    }

    /// <summary>Ends the process, which writes its blobs down; the port is closed then.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            using (process)
            using (var terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            {
                await terminate.WaitForExitAsync();
                await process.WaitForExitAsync();
            }
        }
    }

    [GeneratedRegex(@"successfully listens on http://127\.0\.0\.1:(\d+)")]
    private static partial Regex Listens();
}
