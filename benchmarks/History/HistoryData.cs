using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Benchmarks.Load;
using OrleansMetrics.Benchmarks.Servers;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Benchmarks.History;

/// <summary>
/// The data of a node that took points for hours, made in a minute: the node runs in this process, with a clock that is behind and catches up. Everything is in chunks and
/// rolled up as it would be, so that any build of the node can be started with it at the right time.
/// </summary>
internal sealed class HistoryData : IDisposable
{
    private static readonly TimeSpan AfterEnd = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private HistoryData(string directory, DateTimeOffset start, DateTimeOffset end) => (Directory, Start, End) = (directory, start, end);

    /// <summary>The node's directory.</summary>
    public string Directory { get; }

    /// <summary>First instant of the points.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>End of the points.</summary>
    public DateTimeOffset End { get; }

    /// <summary>Makes it.</summary>
    /// <exception cref="IOException">The node did not take points.</exception>
    public static async Task<HistoryData> MakeAsync(HistoryShape shape, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow - AfterEnd;
        var end = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, now.Minute, 0, TimeSpan.Zero);
        var data = new HistoryData(System.IO.Directory.CreateTempSubdirectory("orleansmetrics-history-").FullName, end.AddHours(-shape.Hours), end);
        try
        {
            await data.FillAsync(shape, cancellationToken);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Copies it for a node that starts with it.</summary>
    public void CopyTo(string directory)
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(Directory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(directory, Path.GetRelativePath(Directory, file));
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private async Task FillAsync(HistoryShape shape, CancellationToken cancellationToken)
    {
        var clock = new MovableClock();
        clock.Set(Start);
        var ports = FreePorts.Take(3);
        string[] settings =
        [
            "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports[0]}"), "--Storage:Directory", Directory, "--Node:Name", "benchmark",
            "--Node:SiloPort", ports[1].ToString(CultureInfo.InvariantCulture), "--Node:GatewayPort", ports[2].ToString(CultureInfo.InvariantCulture),
            "--Flush:Interval", "00:00:00.5", "--Windows:AllowedLateness", "00:02:00",
        ];
        await using var node = StandaloneNode.Build(settings, configure: null, services => services.AddSingleton<TimeProvider>(clock).AddLogging(static logging => logging.ClearProviders()));
        await node.StartAsync(cancellationToken);
        using (var connection = new HttpConnection(ports[0]))
        {
            for (var minute = Start; minute < End; minute = minute.AddMinutes(1))
            {
                cancellationToken.ThrowIfCancellationRequested();
                clock.Set(minute.AddMinutes(1));
                Send(connection, shape.Minute(minute));
            }

            clock.Set(End + AfterEnd);
            await WaitUntilQuietAsync(connection, cancellationToken);
        }

        await node.StopAsync(cancellationToken);
    }

    private static void Send(HttpConnection connection, byte[] lines)
    {
        var head = Encoding.ASCII.GetBytes($"POST /write?precision=s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {lines.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n");
        byte[] request = [.. head, .. lines];
        for (var tries = 0; ; tries++)
        {
            var answer = connection.Exchange(request);
            if (answer.IsSuccess)
            {
                return;
            }

            if (answer.Status != 503 || tries == 1_000)
            {
                throw new IOException($"Points were answered {answer.Status}.");
            }

            Thread.Sleep(Poll);
        }
    }

    /// <summary>Until what history takes in storage does not change any more.</summary>
    private static async Task WaitUntilQuietAsync(HttpConnection connection, CancellationToken cancellationToken)
    {
        var (bytes, unchanged) = (-1L, TimeSpan.Zero);
        for (var limit = TimeSpan.FromMinutes(2); limit > TimeSpan.Zero && unchanged < Quiet; limit -= Poll)
        {
            await Task.Delay(Poll, cancellationToken);
            using var stats = JsonDocument.Parse(connection.Get("/api/stats").Body);
            var read = stats.RootElement.GetProperty("historyBytes").GetInt64();
            unchanged = read == bytes ? unchanged + Poll : TimeSpan.Zero;
            bytes = read;
        }
    }
}
