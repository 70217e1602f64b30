using OrleansMetrics.Streams.Batching;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Tests.Ingest;

/// <summary>Takes requests as told; one whose key it has taken before is repeated.</summary>
internal sealed class FakeBatcher : IPointBatcher
{
    private readonly HashSet<RequestKey> _taken = [];

    public int DefinitionPeriod => 0;

    public SubmitStatus Status { get; set; } = SubmitStatus.Appended;

    public List<(RequestKey? Key, int Points)> Submitted { get; } = [];

    public ValueTask<SubmitStatus> SubmitAsync(RequestPoints points, CancellationToken cancellationToken)
    {
        Submitted.Add((points.Key, points.Count));
        var status = Status == SubmitStatus.Appended && points.Key is { } key && !_taken.Add(key) ? SubmitStatus.Repeated : Status;
        return ValueTask.FromResult(status);
    }
}
