using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansMetrics.Gateway.Health;

/// <summary>Healthy while <see cref="ReadinessState"/> says ready.</summary>
internal sealed class LifecycleHealthCheck(ReadinessState state) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(state.Phase == NodePhase.Ready ? HealthCheckResult.Healthy(state.Reason) : HealthCheckResult.Unhealthy(state.Reason));
}
