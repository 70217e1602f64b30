using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>A line, field or element that was refused.</summary>
/// <param name="Line">Line of the body on which it begins, from 1.</param>
/// <param name="Index">Place of the element in a JSON body, from 0; null for line protocol.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for a person.</param>
/// <param name="Text">Its first bytes, at most <see cref="IngestReport.MaxTextBytes"/>, made printable.</param>
public readonly record struct IngestError(long Line, long? Index, RejectReason Reason, string Message, string Text);
