using System.Diagnostics;
using System.Globalization;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>
/// VictoriaMetrics, a single node that stores raw points: <c>apt-get install victoria-metrics</c>. Its defaults, but connections stay open.
/// </summary>
internal sealed class VictoriaMetricsProgram(string executable) : IServerProgram
{
    /// <inheritdoc/>
    public string Name => "VictoriaMetrics";

    /// <inheritdoc/>
    public string ReadyPath => "/health";

    /// <summary>The installed program; null when there is none.</summary>
    public static VictoriaMetricsProgram? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(static directory => Path.Combine(directory, "victoria-metrics")).FirstOrDefault(File.Exists) is { } path
            ? new VictoriaMetricsProgram(path) : null;

    /// <inheritdoc/>
    public ProcessStartInfo Start(string directory, int port) => new(executable,
    [
        "-storageDataPath=" + directory,
        string.Create(CultureInfo.InvariantCulture, $"-httpListenAddr=127.0.0.1:{port}"),
        "-http.connTimeout=1h",
        "-loggerLevel=WARN",
    ]);

    /// <summary>Has it turn what it holds as raw rows into parts that can be searched, as it does by itself about every second.</summary>
    public long WaitUntilProcessed(HttpConnection connection, long acknowledged, CancellationToken cancellationToken) =>
        connection.Get("/internal/force_flush").IsSuccess ? 0 : throw new IOException("VictoriaMetrics did not flush.");
}
