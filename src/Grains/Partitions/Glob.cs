using System.IO.Enumeration;

namespace OrleansMetrics.Grains.Partitions;

/// <summary>Matches names against patterns of <c>*</c> and <c>?</c>.</summary>
internal static class Glob
{
    /// <summary>True when there is no pattern or the whole name matches it; case-sensitive.</summary>
    public static bool Matches(string? pattern, string name) =>
        pattern is null || FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
