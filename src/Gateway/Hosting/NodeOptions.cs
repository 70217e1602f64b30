using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Identity and ports of a node. Section <c>Node</c>.</summary>
public sealed class NodeOptions
{
    /// <summary>The address that silos advertise unless told otherwise: this machine's own.</summary>
    public const string DefaultAddress = "127.0.0.1";

    /// <summary>Name of the node in statistics and in every batch: 1 to 200 characters. Default: the machine's name and the HTTP port.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// The address, or the name of this host, under which a silo is reached by other silos and by gateways; it listens on no other. Default
    /// 127.0.0.1: a cluster on one machine.
    /// </summary>
    public string AdvertisedAddress { get; set; } = DefaultAddress;

    /// <summary>Port on which silos talk to each other. Default: the HTTP port + 3,031 (8080 → 11111), so that nodes with different URLs do not collide.</summary>
    public int? SiloPort { get; set; }

    /// <summary>Port on which Orleans clients connect. Default: the HTTP port + 21,920 (8080 → 30000).</summary>
    public int? GatewayPort { get; set; }

    /// <summary>How long a graceful shutdown may take in all before what is left is cut off; it stays in the log. Default three minutes.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// How long a stopping node still answers, with readiness down and 503 to points, before it closes its connections:
    /// time for senders and load balancers to notice. Default 250 ms; at most one minute.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Reports every value out of range.</summary>
    internal sealed class Validator(NodeRole role) : IValidateOptions<NodeOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, NodeOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            var failures = new List<string>();
            if (options.Name is { } text && (text.Length is 0 or > 200 || text.Any(char.IsControl)))
            {
                failures.Add($"Node:Name has {text.Length} characters; it must be 1 to 200 without control characters.");
            }

            CheckAdvertisedAddress(failures, options.AdvertisedAddress);
            CheckPort(failures, "SiloPort", options.SiloPort);
            CheckPort(failures, "GatewayPort", options.GatewayPort);
            if (options.SiloPort is { } silo && options.SiloPort == options.GatewayPort)
            {
                failures.Add($"Node:SiloPort and Node:GatewayPort are both {silo}; they must differ.");
            }

            if (options.ShutdownTimeout < TimeSpan.FromSeconds(5) || options.ShutdownTimeout > TimeSpan.FromHours(1))
            {
                failures.Add($"Node:ShutdownTimeout is {options.ShutdownTimeout}; it must be 00:00:05 to 01:00:00.");
            }

            if (options.DrainDelay < TimeSpan.Zero || options.DrainDelay > TimeSpan.FromMinutes(1))
            {
                failures.Add($"Node:DrainDelay is {options.DrainDelay}; it must be 00:00:00 to 00:01:00.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private void CheckAdvertisedAddress(List<string> failures, string text)
        {
            if (!HostAddress.TryResolve(text, out var address))
            {
                failures.Add($"Node:AdvertisedAddress is '{text}', and nobody knows it; it must be an address or the name of this host.");
            }
            else if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            {
                failures.Add($"Node:AdvertisedAddress is '{text}'; it must be one address under which other nodes reach this one.");
            }
            else if (role == NodeRole.Standalone && !IPAddress.IsLoopback(address))
            {
                failures.Add($"Node:AdvertisedAddress is '{text}'; a standalone node's Orleans ports are open on this machine only. Role=Silo opens them.");
            }
        }

        private static void CheckPort(List<string> failures, string option, int? port)
        {
            if (port is < 1 or > 65_535)
            {
                failures.Add($"Node:{option} is {port}; it must be 1 to 65535.");
            }
        }
    }
}
