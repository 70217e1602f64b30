using System.Collections.Concurrent;
using OrleansMetrics.Gateway.Tests.Protocols;
using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Gateway.Tests.Ingest;

/// <summary>Records what is submitted and answers as told; a request whose key it has taken before is repeated.</summary>
internal sealed class FakeBatcher(IngestStatistics statistics) : IPointBatcher
{
    private readonly ConcurrentDictionary<RequestKey, bool> _taken = [];

    public int DefinitionPeriod => 0;

    public SubmitStatus Status { get; set; } = SubmitStatus.Appended;

    public Exception? Error { get; set; }

    /// <summary>When set, submissions wait for it.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public ConcurrentQueue<IReadOnlyList<ParsedBody.Point>> Submitted { get; } = [];

    /// <summary>The keys of the requests submitted.</summary>
    public ConcurrentQueue<RequestKey?> Keys { get; } = [];

    public async ValueTask<SubmitStatus> SubmitAsync(RequestPoints points, CancellationToken cancellationToken)
    {
        if (Error is not null)
        {
            throw Error;
        }

        var status = Status;
        Submitted.Enqueue(ParsedBody.PointsOf(points));
        Keys.Enqueue(points.Key);
        if (Hold is { } hold)
        {
            await hold.Task;
        }

        if (status == SubmitStatus.Appended && points.Key is { } key && !_taken.TryAdd(key, true))
        {
            status = SubmitStatus.Repeated;
            statistics.PointsRepeated(points.Count);
        }
        else if (status == SubmitStatus.Appended)
        {
            statistics.PointsAccepted(points.Count);
        }

        return status;
    }
}
