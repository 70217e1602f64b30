using System.Diagnostics;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>A server that can be measured: how to start it, and how to know that it has done what it was sent.</summary>
internal interface IServerProgram
{
    /// <summary>What tables and plots call it.</summary>
    string Name { get; }

    /// <summary>Path that answers 2xx once points are taken.</summary>
    string ReadyPath { get; }

    /// <summary>How to start it.</summary>
    /// <param name="directory">An empty directory of its own.</param>
    /// <param name="port">The loopback port to listen on.</param>
    ProcessStartInfo Start(string directory, int port);

    /// <summary>Blocks until everything it has acknowledged can be queried; returns how many points it left out although it acknowledged them.</summary>
    /// <param name="connection">To ask it.</param>
    /// <param name="acknowledged">Points acknowledged since it started.</param>
    /// <param name="cancellationToken">Gives up.</param>
    long WaitUntilProcessed(HttpConnection connection, long acknowledged, CancellationToken cancellationToken);
}
