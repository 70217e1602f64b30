using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Export;

/// <summary>Writes all that history keeps, metric by metric, in the lines in which <c>import</c> takes it. The node reads block of time by block of time, so that neither side holds much of it.</summary>
internal sealed class BackupExport(string? match, KeyValuePair<string, string>[] tags, DateTimeOffset? from, DateTimeOffset? to)
{
    /// <summary>Windows written.</summary>
    public long Windows { get; private set; }

    /// <summary>Metrics that had any.</summary>
    public int Metrics { get; private set; }

    /// <summary>Writes everything; what was written before a failure is whole lines.</summary>
    public async Task WriteAsync(NodeClient node, TextWriter output, CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await node.GetCatalogueAsync(new QueryPath("api", "metrics").With("match", match).With("after", after), cancellationToken);
            foreach (var metric in page.Metrics)
            {
                var before = Windows;
                var path = new QueryPath("api", "metrics", metric.Name, "backup").WithTags(tags).With("from", from).With("to", to);
                await foreach (var line in node.GetLinesAsync(path, cancellationToken))
                {
                    await output.WriteAsync(line.AsMemory(), cancellationToken);
                    await output.WriteAsync("\n".AsMemory(), cancellationToken);
                    Windows++;
                }

                Metrics += Windows > before ? 1 : 0;
            }

            after = page.Next;
        }
        while (after is not null);
    }
}
