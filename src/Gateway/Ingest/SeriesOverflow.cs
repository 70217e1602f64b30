using System.Text;
using OrleansMetrics.Contracts.Stats;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Which metrics have more series than they may, as the silos have reported: senders of such a metric are told in a header.</summary>
public sealed class SeriesOverflow
{
    /// <summary>The header: names of metrics, percent-encoded, separated by commas.</summary>
    public const string Header = "Series-Overflow";

    private const int MaxNames = 10;

    /// <summary>By UTF-8 name, with what the header says.</summary>
    private volatile Dictionary<string, string> _metrics = [];

    /// <summary>Takes over what the nodes have reported.</summary>
    public void Update(IReadOnlyCollection<NodeStats> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var metric in nodes.SelectMany(static node => node.Overflowing))
        {
            metrics.TryAdd(metric, Uri.EscapeDataString(metric));
        }

        _metrics = metrics;
    }

    /// <summary>What a sender of these points is told; null: nothing, which costs nothing.</summary>
    internal string? Of(RequestPoints points)
    {
        var metrics = _metrics;
        if (metrics.Count == 0)
        {
            return null;
        }

        List<string>? names = null;
        foreach (var metric in points.Metrics)
        {
            if (metrics.TryGetValue(Encoding.UTF8.GetString(metric.Name), out var name))
            {
                names ??= [];
                names.Add(name);
                if (names.Count == MaxNames)
                {
                    break;
                }
            }
        }

        return names is null ? null : string.Join(", ", names);
    }
}
