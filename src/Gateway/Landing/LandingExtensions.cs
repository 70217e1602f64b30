namespace OrleansMetrics.Gateway.Landing;

/// <summary>The page at the root.</summary>
public static class LandingExtensions
{
    /// <summary>Routes <c>/</c>: the endpoints with examples to copy, live totals, and a browser for metrics.</summary>
    public static IEndpointRouteBuilder MapLanding(this IEndpointRouteBuilder endpoints)
    {
        var page = LandingPage.Load();
        endpoints.MapGet("/", (HttpContext context) =>
            {
                var headers = context.Response.Headers;
                headers.ContentSecurityPolicy = page.Policy;
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "no-referrer";
                headers.CacheControl = "no-cache";
                return TypedResults.Bytes(page.Html, "text/html; charset=utf-8");
            })
            .WithName("GetLandingPage")
            .WithTags("Operations")
            .WithSummary("A page for people")
            .WithDescription("The endpoints with examples to copy, live totals, and a table of metrics.")
            .Produces<string>(StatusCodes.Status200OK, "text/html");
        return endpoints;
    }
}
