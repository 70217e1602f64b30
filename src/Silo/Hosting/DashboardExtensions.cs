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

    /// <summary>Routes it. For other machines it does not exist unless they are allowed.</summary>
    public static void MapSwitchableDashboard(this WebApplication app)
    {
        if (!IsEnabled(app.Configuration))
        {
            return;
        }

        // In front of all endpoints, so that none of the dashboard's is forgotten.
        app.Use(static (context, next) => IsVisible(context) ? next(context) : TypedResults.NotFound().ExecuteAsync(context));
        app.MapOrleansDashboard(DashboardOptions.Path).DisableHttpMetrics().ExcludeFromDescription();
    }

    /// <summary>Whether a request is for something else, comes from this machine, or others are allowed.</summary>
    internal static bool IsVisible(HttpContext context) =>
        !context.Request.Path.StartsWithSegments(DashboardOptions.Path, StringComparison.OrdinalIgnoreCase)
        || (context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address))
        || context.RequestServices.GetRequiredService<IOptions<DashboardOptions>>().Value.AllowRemote;

    // What is no truth value is left to the check of the settings.
    private static bool IsEnabled(IConfiguration configuration) => bool.TryParse(configuration["Dashboard:Enabled"], out var enabled) && enabled;
}
