using System.Globalization;

namespace OrleansMetrics.Cli.Host.Proc;

/// <summary>Splits the lines and fields of files under <c>/proc</c>.</summary>
internal static class ProcFields
{
    /// <summary>The fields of a line; spaces and tabs separate.</summary>
    public static string[] Split(string line) => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines that are not empty.</summary>
    public static IEnumerable<string> Lines(string content) =>
        content.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0);

    /// <summary>The field as a counter; 0 when it is missing (older kernels) or no number.</summary>
    public static ulong Counter(string[] fields, int index) =>
        index < fields.Length && ulong.TryParse(fields[index], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
