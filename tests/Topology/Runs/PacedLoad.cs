using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansMetrics.Topology.Runs;

/// <summary>The tool's <c>load</c> as a process of its own: keyed requests through one gateway at a rate, each repeated until it is acknowledged.</summary>
internal sealed class PacedLoad : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    /// <param name="gateway">Its address.</param>
    /// <param name="prefix">Of its metrics; nobody else's.</param>
    /// <param name="pointsPerSecond">As long as the gateway takes them.</param>
    /// <param name="duration">For how long.</param>
    public PacedLoad(Uri gateway, string prefix, int pointsPerSecond, TimeSpan duration)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "OrleansMetrics.Cli.dll"), "load", "--node", gateway.ToString(), "--prefix", prefix, "--json", "--verify",
            "--rate", pointsPerSecond.ToString(CultureInfo.InvariantCulture), "--duration", string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:F0}s"),

            // The time of the gateway that counts it: what is repeated after a long absence is not late.
            "--timestamps", "none", "--settle", "300s",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>Waits for its end. It has compared every series by then; the report says so.</summary>
    public async Task<JsonElement> EndAsync()
    {
        await _process.WaitForExitAsync();
        var output = await _output;
        return output.StartsWith('{')
            ? JsonDocument.Parse(output).RootElement
            : throw new InvalidOperationException($"The load ended with {_process.ExitCode}: {output}{await _errors}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
