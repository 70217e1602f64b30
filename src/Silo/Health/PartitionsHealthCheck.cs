using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansMetrics.Grains.Placement;
using OrleansMetrics.Streams.Placement;

namespace OrleansMetrics.Silo.Health;

/// <summary>Healthy when this silo is a member of its cluster and the partitions that live on it are active.</summary>
internal sealed class PartitionsHealthCheck(PartitionOwnership ownership, PartitionResidents residents) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!ownership.IsActive)
        {
            return Task.FromResult(HealthCheckResult.Unhealthy("Not an active member of the cluster."));
        }

        var here = Enumerable.Range(0, ownership.Partitions).Where(ownership.IsHere).ToArray();
        var awake = here.Count(residents.IsAwake);
        var text = string.Create(CultureInfo.InvariantCulture, $"{awake} of {here.Length} partitions are active.");
        return Task.FromResult(awake == here.Length ? HealthCheckResult.Healthy(text) : HealthCheckResult.Unhealthy(text));
    }
}
