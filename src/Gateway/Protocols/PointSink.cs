using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols;

/// <summary>Where a parser puts the points of a request, and the clock that it judges them by.</summary>
/// <param name="Points">Takes the valid points.</param>
/// <param name="Report">Takes everything else.</param>
/// <param name="ReceivedAt">When the request came, Unix milliseconds: the time of points without one.</param>
/// <param name="Latest">The latest time a point may have, Unix milliseconds.</param>
public readonly record struct PointSink(RequestPoints Points, IngestReport Report, long ReceivedAt, long Latest);
