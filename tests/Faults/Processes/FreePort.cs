using System.Net;
using System.Net.Sockets;

namespace OrleansMetrics.Faults.Processes;

/// <summary>HTTP ports that are free together with the Orleans ports that follow from them, all below those of outgoing connections.</summary>
internal static class FreePort
{
    private static int _next = 8_800 + (Environment.ProcessId % 1_600);

    public static int Next()
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var port = Interlocked.Increment(ref _next);
            if (IsFree(port) && IsFree(port + 3_031) && IsFree(port + 21_920))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No free ports.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
