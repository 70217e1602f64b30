using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Export;

/// <summary>Writes windows of metrics, metric by metric.</summary>
internal abstract class MetricExport(string? match)
{
    /// <summary>Windows written.</summary>
    public long Windows { get; protected set; }

    /// <summary>Metrics that had any.</summary>
    public int Metrics { get; private set; }

    /// <summary>Writes everything; what was written before a failure is whole lines.</summary>
    public async Task WriteAsync(NodeClient node, IWindowsOutput output, CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await node.GetCatalogueAsync(new QueryPath("api", "metrics").With("match", match).With("after", after), cancellationToken);
            foreach (var metric in page.Metrics)
            {
                var before = Windows;
                await WriteAsync(node, metric, output, cancellationToken);
                Metrics += Windows > before ? 1 : 0;
            }

            after = page.Next;
        }
        while (after is not null);
    }

    /// <summary>Writes and counts the windows of a metric.</summary>
    protected abstract Task WriteAsync(NodeClient node, CatalogueEntry metric, IWindowsOutput output, CancellationToken cancellationToken);
}
