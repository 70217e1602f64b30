using System.Diagnostics;
using System.Globalization;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>A role of this program itself, as a process of its own: see <see cref="FloorHost"/>.</summary>
/// <param name="name">What tables call it.</param>
/// <param name="role">The role's name on the command line.</param>
internal sealed class RoleProgram(string name, string role) : IServerProgram
{
    /// <summary>Reads the bodies and forgets them: what HTTP alone costs.</summary>
    public static RoleProgram Floor { get; } = new("Kestrel, draining", FloorHost.Drain);

    /// <summary>Reads and counts the bodies in the plainest way.</summary>
    public static RoleProgram Yardstick { get; } = new("yardstick", FloorHost.Count);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string ReadyPath => "/";

    /// <inheritdoc/>
    public ProcessStartInfo Start(string directory, int port) => new(
        "dotnet", [typeof(RoleProgram).Assembly.Location, "serve", role, port.ToString(CultureInfo.InvariantCulture)])
    {
        // As the node has it: compiled once, workstation collector.
        Environment = { ["DOTNET_TieredCompilation"] = "0", ["DOTNET_gcServer"] = "0", ["DOTNET_gcConcurrent"] = "1" },
    };

    /// <summary>It has done everything when it answers.</summary>
    public long WaitUntilProcessed(HttpConnection connection, long acknowledged, CancellationToken cancellationToken) => 0;
}
