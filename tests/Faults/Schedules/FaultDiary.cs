using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace OrleansMetrics.Faults.Schedules;

/// <summary>What happened when.</summary>
internal sealed class FaultDiary
{
    private readonly ConcurrentQueue<string> _entries = new();
    private readonly long _started = Stopwatch.GetTimestamp();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    public void Note(string what) => _entries.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{Elapsed.TotalSeconds,7:F2} s  {what}"));

    public override string ToString() => string.Join('\n', _entries);
}
