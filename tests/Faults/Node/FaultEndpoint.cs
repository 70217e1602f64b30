using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Core.Internal;
using Orleans.Runtime;
using OrleansMetrics.Contracts.Partitions;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.Partitions;

namespace OrleansMetrics.Faults.Node;

/// <summary>
/// <c>POST /faults</c> sets all faults, <c>POST /faults/deactivate?grain=partition|aggregator&amp;key=…</c> deactivates a grain.
/// Only the program of these tests has it, in front of the real node's pipeline.
/// </summary>
internal sealed class FaultEndpoint(SteppedClock clock, FaultInjector snapshots, FaultInjector log, IServiceProvider services) : IStartupFilter
{
    public const string Path = "/faults";

    /// <inheritdoc />
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Map(Path, faults =>
        {
            faults.Map("/deactivate", branch => branch.Run(DeactivateAsync));
            faults.Run(SetAsync);
        });
        next(app);
    };

    private async Task SetAsync(HttpContext context)
    {
        var settings = await context.Request.ReadFromJsonAsync<FaultSettings>(context.RequestAborted) ?? new FaultSettings();
        clock.Offset = TimeSpan.FromMilliseconds(settings.ClockOffsetMilliseconds);
        snapshots.Faults = settings.Snapshots;
        log.Faults = settings.Log;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task DeactivateAsync(HttpContext context)
    {
        var grains = services.GetRequiredService<IGrainFactory>();
        var key = context.Request.Query["key"].ToString();
        IAddressable grain = context.Request.Query["grain"] == "partition"
            ? grains.GetGrain<IPartitionGrain>(key)
            : grains.GetGrain<IAggregatorIngestGrain>(key);
        await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
