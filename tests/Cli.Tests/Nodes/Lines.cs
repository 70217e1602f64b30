using System.Globalization;

namespace OrleansMetrics.Cli.Tests.Nodes;

/// <summary>A naive reader of line protocol without escapes.</summary>
internal static class Lines
{
    public static IEnumerable<(string Metric, string Tags, double Value)> Parse(string body)
    {
        foreach (var line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            var comma = parts[0].IndexOf(',', StringComparison.Ordinal);
            var (measurement, tags) = (parts[0][..comma], parts[0][(comma + 1)..]);
            foreach (var field in parts[1].Split(','))
            {
                var pair = field.Split('=');
                yield return (pair[0] == "value" ? measurement : $"{measurement}_{pair[0]}", tags, double.Parse(pair[1], CultureInfo.InvariantCulture));
            }
        }
    }
}
