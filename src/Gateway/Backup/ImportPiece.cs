using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>
/// Windows that go to the cluster at once. Those of a series in an hour stay together as far as they follow each other: should some of them be rolled up and expire before the others come, the
/// others would be taken for being there.
/// </summary>
internal sealed class ImportPiece
{
    private const int Windows = 20_000;
    private const int Bytes = 8 << 20;

    private readonly List<(Tag[] Tags, List<StoredWindow> Windows, List<long> Lines)> _series = [];
    private int _windows;
    private long _bytes;

    public bool IsEmpty => _windows == 0;

    /// <summary>Whether the cluster is to be given what is here before this line.</summary>
    public bool IsFullBefore(ImportLine line) =>
        _windows >= WindowImport.MaxWindows || ((_windows >= Windows || _bytes >= Bytes) && !(IsOfLast(line) && HourOf(_series[^1].Windows[^1]) == HourOf(line.Window)));

    public void Add(ImportLine line, long number, long bytes)
    {
        if (_windows == 0 || !IsOfLast(line))
        {
            _series.Add((line.Tags, [], []));
        }

        _series[^1].Windows.Add(line.Window);
        _series[^1].Lines.Add(number);
        _windows++;
        _bytes += bytes;
    }

    public WindowImport ToImport(MetricKind kind) => new() { Kind = kind, Series = [.. _series.Select(static one => new StoredSeries { Tags = one.Tags, Windows = [.. one.Windows] })] };

    /// <summary>The line that a window came from.</summary>
    public long LineOf(RefusedWindow refused) => _series[refused.Series].Lines[refused.Window];

    private bool IsOfLast(ImportLine line) => _series[^1].Tags.AsSpan().SequenceEqual(line.Tags);

    private static long HourOf(StoredWindow window) => window.Start.UtcTicks / TimeSpan.TicksPerHour;
}
