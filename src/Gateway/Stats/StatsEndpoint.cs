using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>The ledger.</summary>
internal static class StatsEndpoint
{
    /// <summary>Routes <c>/stats</c> within the group of queries.</summary>
    public static void MapStats(this IEndpointRouteBuilder api) => api.MapGet("/stats", GetStats)
        .WithName("GetStats")
        .WithTags("Queries")
        .WithSummary("The ledger of the cluster")
        .WithDescription(
            "accepted, processed, late, dropped and inFlight are sums over partitions: durable, since the cluster was created. " +
            "received, repeated, rejected, flushes and errors are sums over the nodes heard of within a minute, each since its process started.")
        .Produces<StatsAnswer>()
        .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> GetStats(HttpContext context, IGrainFactory grains, INodeReporter reporter)
    {
        if (new QueryParameters(context.Request.QueryString, [], takesTags: false).Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        var cancellationToken = context.RequestAborted;
        await reporter.ReportNowAsync(cancellationToken);
        var partitions = grains.GetGrain<ICatalogueGrain>(0).GetPartitions(cancellationToken);
        var nodes = grains.GetGrain<IClusterStatsGrain>(0).GetNodes(cancellationToken);
        await Task.WhenAll(partitions, nodes);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(StatsAnswer.Of(await partitions, await nodes), StatsJsonContext.Default.StatsAnswer);
    }
}
