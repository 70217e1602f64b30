namespace OrleansMetrics.Gateway.Queries;

/// <summary>Why a query string is refused.</summary>
/// <param name="Parameter">Name as the client sent it.</param>
/// <param name="Value">Value as the client sent it.</param>
/// <param name="Allowed">What the parameter takes, for a person.</param>
internal sealed record ParameterError(string Parameter, string Value, string Allowed);
