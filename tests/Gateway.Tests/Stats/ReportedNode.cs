using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Tests.Queries;

namespace OrleansMetrics.Gateway.Tests.Stats;

/// <summary>What a node reports that has done nothing yet.</summary>
internal static class ReportedNode
{
    public static NodeStats Named(string name) => new()
    {
        Node = name,
        StartedAt = GatewayServer.Epoch,
        ReportedAt = GatewayServer.Epoch,
        Received = 0,
        Accepted = 0,
        Rejected = [],
        IgnoredFields = 0,
        Overloaded = 0,
        Processed = 0,
        Late = 0,
        Flushes = 0,
        Errors = 0,
        InFlightBytes = 0,
        Repeated = 0,
    };
}
