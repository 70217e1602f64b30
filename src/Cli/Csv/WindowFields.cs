namespace OrleansMetrics.Cli.Csv;

/// <summary>The fields of a window in CSV, named as the members of its line of JSON: docs/formats/export.md.</summary>
internal static class WindowFields
{
    /// <summary>In place of <c>tags</c>.</summary>
    public const string Series = "series";

    /// <summary>Numbers, with a space between them.</summary>
    public const string Values = "values";

    /// <summary>Times, which may be numbers.</summary>
    public static readonly string[] Instants = ["start", "end", "lastUpdated"];

    public static readonly string[] Numbers = ["count", "sum", "min", "max", "last"];

    /// <summary>Those of an export for import.</summary>
    public static readonly string[] OfBackup = ["metric", "kind", Series, "start", "end", "count", "sum", "min", "max", "last", "lastUpdated", "revision", Values, "sketch"];

    /// <summary>Those of an export with some members.</summary>
    public static string[] Of(string members) => ["metric", "kind", Series, "start", "end", "final", .. members.Split(',')];
}
