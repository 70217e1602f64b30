using System.Text;
using Microsoft.AspNetCore.Http.Features;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The name of a metric in a path: one segment, percent-encoded, so that it may hold any character.</summary>
internal static class MetricName
{
    /// <summary>
    /// The name as the client meant it. Kestrel decodes a path except <c>%2F</c>, after which <c>a/b</c> and <c>a%2Fb</c> cannot
    /// be told apart; the raw request target can.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="routeValue">The segment as Kestrel decoded it.</param>
    /// <param name="segmentsAfter">Segments of the route that follow the name.</param>
    public static string Read(HttpContext context, string routeValue, int segmentsAfter)
    {
        var raw = RawSegment(context.Features.Get<IHttpRequestFeature>()?.RawTarget, segmentsAfter);

        // They differ when the target was rewritten (path normalized, middleware, a server without raw targets).
        return raw is not null && Normalize(raw) == Normalize(routeValue)
            ? Uri.UnescapeDataString(raw)
            : routeValue.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a point of this name could have been accepted. If not, no grain needs to be asked.</summary>
    public static bool IsPossible(string name)
    {
        foreach (var c in name)
        {
            if (char.IsControl(c))
            {
                return false;
            }
        }

        return name.Length > 0 && Encoding.UTF8.GetByteCount(name) <= PointLimits.MaxMetricNameBytes;
    }

    private static string Normalize(string segment) => Uri.UnescapeDataString(Uri.UnescapeDataString(segment));

    private static string? RawSegment(string? target, int segmentsAfter)
    {
        if (string.IsNullOrEmpty(target))
        {
            return null;
        }

        var path = target.AsSpan();
        var query = path.IndexOf('?');
        path = (query < 0 ? path : path[..query]).TrimEnd('/');
        for (var i = 0; i < segmentsAfter; i++)
        {
            path = path[..Math.Max(path.LastIndexOf('/'), 0)];
        }

        return path[(path.LastIndexOf('/') + 1)..].ToString();
    }
}
