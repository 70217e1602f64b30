using System.ComponentModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansMetrics.Gateway.Health;

/// <summary>The body of a probe.</summary>
/// <param name="Status"><c>Healthy</c>, <c>Degraded</c> or <c>Unhealthy</c>: the worst of the checks.</param>
/// <param name="Checks">The checks by name.</param>
public sealed record HealthAnswer(
    [property: Description("Healthy, Degraded or Unhealthy: the worst of the checks.")] string Status,
    [property: Description("The checks by name.")] SortedDictionary<string, HealthCheckAnswer> Checks)
{
    internal static HealthAnswer Of(HealthReport report)
    {
        var checks = new SortedDictionary<string, HealthCheckAnswer>(StringComparer.Ordinal);
        foreach (var (name, entry) in report.Entries)
        {
            checks.Add(name, new HealthCheckAnswer(entry.Status.ToString(), entry.Description));
        }

        return new HealthAnswer(report.Status.ToString(), checks);
    }
}
