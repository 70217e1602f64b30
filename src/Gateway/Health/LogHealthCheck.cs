using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Health;

/// <summary>Healthy when the log's store answers within <see cref="Timeout"/>.</summary>
internal sealed class LogHealthCheck(IServiceProvider services, ReadinessState state, TimeProvider time) : IHealthCheck
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (state.Phase == NodePhase.Starting)
        {
            // Asking for the log would open it.
            return HealthCheckResult.Unhealthy("Not open yet.");
        }

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await services.GetRequiredService<IPointLog>().GetHeadAsync(0, either.Token).AsTask().WaitAsync(either.Token);
            return HealthCheckResult.Healthy("The log answers.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(string.Create(CultureInfo.InvariantCulture, $"No answer within {Timeout.TotalSeconds} s."));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Each store has exceptions of its own.
            return HealthCheckResult.Unhealthy("The log does not answer.", e);
        }
    }
}
