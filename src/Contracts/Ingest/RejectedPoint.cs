namespace OrleansMetrics.Contracts.Ingest;

/// <summary>A point that was not taken.</summary>
/// <param name="Index">Place in the request, from 0.</param>
/// <param name="Reason">The counter's name for it, for example <c>not_finite</c>.</param>
/// <param name="Message">What is wrong, for a person.</param>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.RejectedPoint")]
public sealed record RejectedPoint([property: Id(0)] int Index, [property: Id(1)] string Reason, [property: Id(2)] string Message);
