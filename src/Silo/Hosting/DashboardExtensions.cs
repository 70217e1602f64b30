using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Dashboard;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Mounts Orleans' dashboard when it is switched on.</summary>
internal static class DashboardExtensions
{
    /// <summary>Adds it to a silo.</summary>
    public static void AddSwitchableDashboard(this ISiloBuilder silo, IConfiguration configuration)
    {
        if (IsEnabled(configuration))
        {
            silo.AddDashboard();
        }
    }

    /// <summary>Routes it. To other machines it does not exist unless they are allowed.</summary>
    public static void MapSwitchableDashboard(this WebApplication app)
    {
        if (!IsEnabled(app.Configuration))
        {
            return;
        }

        var isOpen = app.Services.GetRequiredService<IOptions<DashboardOptions>>().Value.AllowRemote;
        app.MapOrleansDashboard(DashboardOptions.Path).DisableHttpMetrics().ExcludeFromDescription().AddEndpointFilter(
            async (context, next) => isOpen || context.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
                ? await next(context)
                : TypedResults.NotFound());
    }

    // What is no truth value is left to the check of the settings.
    private static bool IsEnabled(IConfiguration configuration) => bool.TryParse(configuration["Dashboard:Enabled"], out var enabled) && enabled;
}
