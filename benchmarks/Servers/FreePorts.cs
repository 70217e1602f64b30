using System.Net;
using System.Net.Sockets;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>Loopback ports that nobody listens on at the moment.</summary>
internal static class FreePorts
{
    /// <summary>Takes different ones.</summary>
    public static int[] Take(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        try
        {
            return [.. listeners.Select(static listener =>
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            })];
        }
        finally
        {
            Array.ForEach(listeners, static listener => listener.Dispose());
        }
    }
}
