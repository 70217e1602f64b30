using System.Globalization;
using System.Net;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>The HTTP address of a node and the Orleans ports that follow from it.</summary>
/// <param name="Url">As given to <c>--urls</c>; the first of several.</param>
/// <param name="SiloPort">Silo to silo.</param>
/// <param name="GatewayPort">Orleans clients.</param>
public sealed record NodeAddress(Uri Url, int SiloPort, int GatewayPort)
{
    /// <summary>Where a node listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>Where silos and Orleans clients reach this silo, and where it listens for them.</summary>
    public IPAddress Advertised { get; init; } = IPAddress.Loopback;

    private const int SiloOffset = 3_031;
    private const int GatewayOffset = 21_920;

    /// <summary>Derives the ports. With HTTP port 0 (any free one) the Orleans ports are free ones too.</summary>
    /// <exception cref="FormatException">The URL is none.</exception>
    public static NodeAddress Derive(string? urls, int? siloPort, int? gatewayPort)
    {
        var text = (urls ?? DefaultUrl).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? DefaultUrl;
        if (!Uri.TryCreate(text.Replace("*", "0.0.0.0", StringComparison.Ordinal).Replace("+", "0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            throw new FormatException($"--urls is '{text}'; it must be an address such as {DefaultUrl}.");
        }

        var (silo, gateway) = url.Port == 0 ? FindFreePorts() : (DerivePort(url.Port, SiloOffset), DerivePort(url.Port, GatewayOffset));
        return new NodeAddress(url, siloPort ?? silo, gatewayPort ?? gateway);
    }

    /// <summary>The name of a node that was given none: stable across restarts on the same machine and port.</summary>
    public string DefaultName() => string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Url.Port}");

    private static int DerivePort(int httpPort, int offset)
    {
        // Ports above the range wrap around into 1024..65535; different HTTP ports keep different Orleans ports.
        var port = httpPort + offset;
        return port <= 65_535 ? port : port - 65_535 + 1_024;
    }

    // Below the ports that operating systems give to outgoing connections, one of which could take a port between here and the silo's start.
    private static (int Silo, int Gateway) FindFreePorts()
    {
        var silo = FindFreePort(not: 0);
        return (silo, FindFreePort(not: silo));
    }

    private static int FindFreePort(int not)
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            var port = Random.Shared.Next(14_000, 30_000);
            if (port != not && PortCheck.IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No port from 14000 to 29999 is free; set Node:SiloPort and Node:GatewayPort.");
    }
}
