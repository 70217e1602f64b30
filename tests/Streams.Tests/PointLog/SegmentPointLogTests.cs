using Microsoft.Extensions.Logging.Abstractions;
using OrleansMetrics.Streams.Contract;
using OrleansMetrics.Streams.PointLog;
using OrleansMetrics.Streams.PointLog.Segments;

namespace OrleansMetrics.Streams.Tests.PointLog;

public sealed class SegmentPointLogTests : PointLogContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    protected override Task<IPointLog> OpenAsync(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        Task.FromResult<IPointLog>(Open(options, time, partitions));

    private SegmentPointLog Open(PointLogOptions? options = null, TimeProvider? time = null, int partitions = Partitions) =>
        SegmentPointLog.Open(_directory.File("log"), partitions, options ?? new PointLogOptions(), time ?? TimeProvider.System, NullLogger.Instance);
}
