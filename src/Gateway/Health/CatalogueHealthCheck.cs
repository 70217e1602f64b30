using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Catalogue;

namespace OrleansMetrics.Gateway.Health;

/// <summary>Healthy when the catalogue, and through it every partition, answers within <see cref="Timeout"/>.</summary>
internal sealed class CatalogueHealthCheck(IGrainFactory grains, TimeProvider time) : IHealthCheck
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            // A call into a cluster that is gone does not always notice its token, so the wait ends on its own.
            var partitions = await grains.GetGrain<ICatalogueGrain>(0).GetPartitions(either.Token).WaitAsync(either.Token);
            return HealthCheckResult.Healthy(string.Create(CultureInfo.InvariantCulture, $"{partitions.Length} partitions answer."));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy(string.Create(CultureInfo.InvariantCulture, $"No answer within {Timeout.TotalSeconds} s."));
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return HealthCheckResult.Unhealthy("The cluster does not answer.", e);
        }
    }
}
