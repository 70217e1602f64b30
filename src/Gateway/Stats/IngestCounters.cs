using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>What this process has taken. A silo without a gateway takes points from Orleans clients only.</summary>
internal sealed class IngestCounters(IngestStatistics ingest, InFlightBudget? budget = null) : INodeCounters
{
    /// <inheritdoc/>
    public NodeStats AddTo(NodeStats stats)
    {
        var rejected = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < RejectReasonNames.Count; i++)
        {
            if (ingest.Rejected((RejectReason)i) is var points and > 0)
            {
                rejected.Add(((RejectReason)i).Name(), points);
            }
        }

        return stats with
        {
            Received = ingest.Received,
            Accepted = ingest.Accepted,
            Rejected = rejected,
            IgnoredFields = ingest.IgnoredFields,
            Overloaded = ingest.Overloaded,
            InFlightBytes = budget?.Bytes ?? 0,
            Repeated = ingest.Repeated,
        };
    }
}
