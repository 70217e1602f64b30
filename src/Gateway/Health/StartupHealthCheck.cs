using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansMetrics.Gateway.Health;

/// <summary>Healthy once the process has started, until its end.</summary>
internal sealed class StartupHealthCheck(ReadinessState state) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.Phase == NodePhase.Starting ? HealthCheckResult.Unhealthy(state.Reason) : HealthCheckResult.Healthy("Started."));
}
