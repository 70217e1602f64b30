using System.Net;
using System.Net.Sockets;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>
/// Finds out before anything is started which address cannot be listened on, and says which setting names it: the servers say only
/// "address already in use".
/// </summary>
internal static class PortCheck
{
    public static IEnumerable<string> Check(NodeAddress address, string? urls, bool isSilo)
    {
        foreach (var url in (urls ?? NodeAddress.DefaultUrl).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && Listen(uri) is { } failure)
            {
                yield return $"{url} (--urls) cannot be listened on: {failure}";
            }
        }

        if (!isSilo)
        {
            yield break;
        }

        if (TryListen(address.Advertised, address.SiloPort) is { } silo)
        {
            yield return $"Port {address.SiloPort} (Node:SiloPort) cannot be listened on: {silo}";
        }

        if (TryListen(address.Advertised, address.GatewayPort) is { } gateway)
        {
            yield return $"Port {address.GatewayPort} (Node:GatewayPort) cannot be listened on: {gateway}";
        }
    }

    public static bool IsFree(int port) => TryListen(IPAddress.Loopback, port) is null;

    // Names other than localhost are the web server's to interpret.
    private static string? Listen(Uri url) => IPAddress.TryParse(url.DnsSafeHost, out var ip) ? TryListen(ip, url.Port)
        : url.IsLoopback ? TryListen(IPAddress.Loopback, url.Port)
        : null;

    private static string? TryListen(IPAddress ip, int port)
    {
        if (port == 0)
        {
            return null;
        }

        try
        {
            using var listener = new TcpListener(ip, port);
            listener.Start();
            return null;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "another program listens there.",
                SocketError.AddressNotAvailable => "this machine does not have that address.",
                SocketError.AccessDenied => "that port needs more rights.",
                _ => exception.Message,
            };
        }
    }
}
