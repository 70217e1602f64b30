using System.Net;
using System.Net.Sockets;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Turns names of hosts into addresses, so that what listens does so on one address and not on all.</summary>
internal static class HostAddress
{
    /// <summary>
    /// An address, or that of a name: IPv4 when it has one. Blocks while the name is looked up.
    /// </summary>
    public static bool TryResolve(string host, out IPAddress address)
    {
        if (IPAddress.TryParse(host, out var parsed))
        {
            address = parsed;
            return true;
        }

        address = IPAddress.None;
        try
        {
            var found = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? [IPAddress.Loopback] : Dns.GetHostAddresses(host);
            address = found.FirstOrDefault(static one => one.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault() ?? IPAddress.None;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // A name that nobody knows.
        }

        return !address.Equals(IPAddress.None);
    }

    /// <summary>
    /// Puts an address in the place of every host's name: given a name, the web server would listen on all addresses of the machine.
    /// </summary>
    /// <exception cref="FormatException">A name is not known.</exception>
    public static string ResolveUrls(string urls) => string.Join(
        ';', urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ResolveUrl));

    private static string ResolveUrl(string text)
    {
        // What is no URL is reported by others; * and + ask for all addresses; a socket's path is no host.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.HostNameType != UriHostNameType.Dns || url.IsLoopback || url.Host == "unix")
        {
            return text;
        }

        return TryResolve(url.Host, out var address)
            ? new UriBuilder(url) { Host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString() }.Uri.ToString()
            : throw new FormatException(
                $"--urls is '{text}', and nobody knows '{url.Host}'. Give an address of this machine, or http://0.0.0.0:{url.Port} for all of them.");
    }
}
