using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Which cluster a process belongs to, and how its members find and watch each other. Section <c>Clustering</c>.</summary>
public sealed class ClusteringOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Clustering";

    /// <summary>Default: <see cref="ClusteringProvider.Localhost"/> for a standalone node, else <see cref="ClusteringProvider.Redis"/>.</summary>
    public ClusteringProvider? Provider { get; set; }

    /// <summary>Redis, as StackExchange.Redis writes it. Default: <c>ConnectionStrings:Redis</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Name of this cluster; its members and clients have the same. Default: <c>standalone</c> for a standalone node, else <c>cluster</c>.</summary>
    public string? ClusterId { get; set; }

    /// <summary>Part of the keys of snapshots and reminders; stays when a cluster is replaced by another. Default <c>orleans-metrics</c>.</summary>
    public string ServiceId { get; set; } = "orleans-metrics";

    /// <summary>How long a silo waits for another's answer to a probe, and the time between probes. Default 1 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Probes in a row that a silo must miss before it is suspected; two silos, if there are two, must agree. Default 2.</summary>
    public int MissedProbes { get; set; } = 2;

    /// <summary>Reports every value out of range.</summary>
    internal sealed class Validator(NodeRole role, IConfiguration configuration) : IValidateOptions<ClusteringOptions>
    {
        /// <inheritdoc />
        public ValidateOptionsResult Validate(string? name, ClusteringOptions options)
        {
            var failures = new List<string>();
            ProviderRule.Check(failures, "Clustering:Provider", options.Provider, role, ClusteringProvider.Localhost);
            if (role != NodeRole.Standalone)
            {
                RedisSetting.Check(failures, Section, configuration, options.ConnectionString);
            }

            CheckId(failures, "ClusterId", options.ClusterIdFor(role));
            CheckId(failures, "ServiceId", options.ServiceId);
            if (options.ProbeTimeout < TimeSpan.FromMilliseconds(100) || options.ProbeTimeout > TimeSpan.FromMinutes(1))
            {
                failures.Add($"Clustering:ProbeTimeout is {options.ProbeTimeout}; it must be 00:00:00.1 to 00:01:00.");
            }

            if (options.MissedProbes is < 1 or > 10)
            {
                failures.Add($"Clustering:MissedProbes is {options.MissedProbes}; it must be 1 to 10.");
            }

            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }

        private static void CheckId(List<string> failures, string option, string id)
        {
            if (id.Length is 0 or > 63 || !id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                failures.Add($"Clustering:{option} is '{id}'; it must be 1 to 63 letters, digits, dots, dashes and underscores.");
            }
        }
    }

    /// <summary>The cluster id given, or the role's default.</summary>
    internal string ClusterIdFor(NodeRole role) => ClusterId ?? (role == NodeRole.Standalone ? "standalone" : "cluster");
}
