namespace OrleansMetrics.Gateway.Queries;

/// <summary>The problem details (RFC 9457) that queries answer with.</summary>
internal static class QueryProblems
{
    private const int MaxEchoLength = 200;

    /// <summary>400: names the parameter, its value and what is allowed.</summary>
    public static IResult InvalidParameter(ParameterError error)
    {
        var (name, value) = (Shorten(error.Parameter), Shorten(error.Value));
        return TypedResults.Problem(
            $"The parameter '{name}' has the value '{value}'. Allowed: {error.Allowed}.",
            statusCode: StatusCodes.Status400BadRequest,
            title: "Invalid query parameter",
            extensions: new Dictionary<string, object?> { ["parameter"] = name, ["value"] = value, ["allowed"] = error.Allowed });
    }

    /// <summary>400: the query as a whole asks for too much, or for what there is not.</summary>
    public static IResult OutOfRange(string message)
    {
        // .NET adds the name of the parameter, which is not one of the query string.
        var end = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return TypedResults.Problem(end < 0 ? message : message[..end], statusCode: StatusCodes.Status400BadRequest, title: "Query out of range");
    }

    /// <summary>404: no point of this metric has been aggregated.</summary>
    public static IResult UnknownMetric(string metric)
    {
        var name = Shorten(metric);
        return TypedResults.Problem(
            $"No point of the metric '{name}' has been aggregated.",
            statusCode: StatusCodes.Status404NotFound,
            title: "Unknown metric",
            extensions: new Dictionary<string, object?> { ["metric"] = name });
    }

    /// <summary>503: the cluster did not answer. The answer asks to try again after a second.</summary>
    public static IResult Unavailable() => TypedResults.Problem(
        "The cluster did not answer in time. Try again.",
        statusCode: StatusCodes.Status503ServiceUnavailable,
        title: "Cluster unavailable");

    private static string Shorten(string text) => text.Length <= MaxEchoLength ? text : $"{text.AsSpan(0, MaxEchoLength)}…";
}
