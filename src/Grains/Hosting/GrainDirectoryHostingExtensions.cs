using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansMetrics.Grains.Hosting;

/// <summary>The grain directory of silos that come and go.</summary>
public static class GrainDirectoryHostingExtensions
{
    /// <summary>
    /// Has the silos of a cluster hand the entries of Orleans' grain directory over to each other, so that a silo that leaves takes no activations of the others with it. For all grains of the
    /// silo; every silo of the cluster must have it.
    /// </summary>
    /// <remarks>
    /// Without leases, which would keep the grains of a silo that was killed away for half a minute: the grains here are exact also when two activations of one meet
    /// (see docs/decisions/018-grain-directory.md). Set <see cref="GrainDirectoryOptions.RangeLeaseDuration"/> after this when other grains of yours are not.
    /// </remarks>
    public static ISiloBuilder AddHandedOverGrainDirectory(this ISiloBuilder builder)
    {
        builder.AddDistributedGrainDirectory();
        return builder.Configure<GrainDirectoryOptions>(static options => options.RangeLeaseDuration = TimeSpan.Zero);
    }
}
