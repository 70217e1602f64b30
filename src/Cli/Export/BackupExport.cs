using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Export;

/// <summary>Writes all that history keeps, metric by metric, in the lines in which <c>import</c> takes it. The node reads block of time by block of time, so that neither side holds much of it.</summary>
internal sealed class BackupExport(string? match, KeyValuePair<string, string>[] tags, DateTimeOffset? from, DateTimeOffset? to) : MetricExport(match)
{
    /// <inheritdoc />
    protected override async Task WriteAsync(NodeClient node, CatalogueEntry metric, IWindowsOutput output, CancellationToken cancellationToken)
    {
        var path = new QueryPath("api", "metrics", metric.Name, "backup").WithTags(tags).With("from", from).With("to", to);
        await foreach (var line in node.GetLinesAsync(path, cancellationToken))
        {
            await output.WriteAsync(line + "\n", cancellationToken);
            Windows++;
        }
    }
}
