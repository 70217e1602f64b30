using System.Collections.Concurrent;
using OrleansMetrics.Gateway.Tests.Protocols;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Ingest;

/// <summary>Records what is submitted and answers as told.</summary>
internal sealed class FakeBatcher(IngestStatistics statistics) : IPointBatcher
{
    public int DefinitionPeriod => 0;

    public SubmitStatus Status { get; set; } = SubmitStatus.Appended;

    public Exception? Error { get; set; }

    /// <summary>When set, submissions wait for it.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public ConcurrentQueue<IReadOnlyList<ParsedBody.Point>> Submitted { get; } = [];

    public async ValueTask<SubmitStatus> SubmitAsync(RequestPoints points, CancellationToken cancellationToken)
    {
        if (Error is not null)
        {
            throw Error;
        }

        var status = Status;
        Submitted.Enqueue(ParsedBody.PointsOf(points));
        if (Hold is { } hold)
        {
            await hold.Task;
        }

        if (status == SubmitStatus.Appended)
        {
            statistics.PointsAccepted(points.Count);
        }

        return status;
    }
}
