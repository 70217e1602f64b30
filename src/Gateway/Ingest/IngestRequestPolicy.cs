using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Which requests' buffers are kept: not those that one large body has made large for good.</summary>
internal sealed class IngestRequestPolicy(SeriesCache cache, IOptions<IngestOptions> options, IOptions<PointTimeOptions> times)
    : PooledObjectPolicy<IngestRequest>
{
    private const int MaxPointsKept = 256 * 1024;

    public override IngestRequest Create() => new(cache, options, times);

    public override bool Return(IngestRequest obj)
    {
        var keep = obj.Points.Count <= MaxPointsKept;
        obj.Points.Clear();
        obj.Report.Clear();
        return keep;
    }
}
