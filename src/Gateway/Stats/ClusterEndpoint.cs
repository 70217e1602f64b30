using OrleansMetrics.Contracts.Catalogue;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Stats;

/// <summary>Nodes and partitions.</summary>
internal static class ClusterEndpoint
{
    /// <summary>Routes <c>/cluster</c> within the group of queries.</summary>
    public static void MapCluster(this IEndpointRouteBuilder api) => api.MapGet("/cluster", GetCluster)
        .WithName("GetCluster")
        .WithTags("Queries")
        .WithSummary("Nodes and partitions of the cluster")
        .WithDescription(
            "Silos as the membership has them, gateways heard of within a minute, and for every partition the silo that it lives on, its positions and how far it is behind.")
        .Produces<ClusterAnswer>()
        .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> GetCluster(HttpContext context, IGrainFactory grains)
    {
        if (new QueryParameters(context.Request.QueryString, [], takesTags: false).Error is { } error)
        {
            return QueryProblems.InvalidParameter(error);
        }

        var cancellationToken = context.RequestAborted;
        var stats = grains.GetGrain<IClusterStatsGrain>(0);
        var members = stats.GetMembers(cancellationToken);
        var nodes = stats.GetNodes(cancellationToken);
        var partitions = grains.GetGrain<ICatalogueGrain>(0).GetPartitions(cancellationToken);
        await Task.WhenAll(members, nodes, partitions);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(ClusterAnswer.Of(await members, await partitions, await nodes), StatsJsonContext.Default.ClusterAnswer);
    }
}
