using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>The standalone node as <c>src/Silo</c> was built: durable log, snapshots and quantiles with the default settings.</summary>
/// <param name="name">What tables call it.</param>
/// <param name="assembly">Path of OrleansMetrics.Silo.dll.</param>
/// <param name="settings">Settings as <c>Key=Value</c>.</param>
internal sealed class NodeProgram(string name, string assembly, IReadOnlyList<string> settings) : IServerProgram
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string ReadyPath => "/health/ready";

    /// <summary>Where this repository's build of the node lies.</summary>
    public static string BuiltAssembly(string configuration) =>
        Path.Combine(Repository.Root, "src", "Silo", "bin", configuration, "net10.0", "OrleansMetrics.Silo.dll");

    /// <inheritdoc/>
    public ProcessStartInfo Start(string directory, int port)
    {
        if (!File.Exists(assembly))
        {
            throw new FileNotFoundException($"There is no node at {assembly}; build src/Silo.", assembly);
        }
        var ports = FreePorts.Take(2);
        return new ProcessStartInfo("dotnet",
        [
            assembly, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--Storage:Directory", directory,
            "--Node:Name", "benchmark", "--Node:SiloPort", Text(ports[0]), "--Node:GatewayPort", Text(ports[1]),
            .. settings.Select(static setting => "--" + setting),
        ]);
    }

    /// <inheritdoc/>
    public long WaitUntilProcessed(HttpConnection connection, long acknowledged, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var answer = connection.Get("/api/stats");
            if (answer.IsSuccess && LeftOut(answer.Body, acknowledged) is { } leftOut)
            {
                return leftOut;
            }
            cancellationToken.WaitHandle.WaitOne(Poll);
        }
    }

    /// <summary>Reads the ledger: null while points are in flight, else those that are accepted and in no window.</summary>
    public static long? LeftOut(ReadOnlyMemory<byte> stats, long acknowledged)
    {
        using var document = JsonDocument.Parse(stats);
        var ledger = document.RootElement;
        var accepted = ledger.GetProperty("accepted").GetInt64();
        return accepted >= acknowledged && ledger.GetProperty("inFlight").GetInt64() == 0 ? accepted - ledger.GetProperty("processed").GetInt64() : null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
