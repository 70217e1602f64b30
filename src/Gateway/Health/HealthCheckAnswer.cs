namespace OrleansMetrics.Gateway.Health;

/// <summary>The outcome of one check.</summary>
/// <param name="Status"><c>Healthy</c>, <c>Degraded</c> or <c>Unhealthy</c>.</param>
/// <param name="Description">Why, for a person.</param>
public sealed record HealthCheckAnswer(string Status, string? Description);
