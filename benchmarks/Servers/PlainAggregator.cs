using System.Buffers;
using System.Buffers.Text;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>
/// The yardstick of the regression gate: count, sum, least and greatest value per series of Influx lines, in the plainest way, a byte at a time.
/// It does what a node must do at least (split, hash, look up, parse a number, touch the series' memory), so that a faster or slower CPU, kernel or
/// memory makes both faster or slower. It is frozen: whoever changes it records the gate's ratio anew. It uses nothing from src/.
/// </summary>
internal sealed class PlainAggregator
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, int> _index = [];
    private Aggregate[] _series = new Aggregate[1024];
    private byte[] _joined = new byte[4096];

    /// <summary>Series seen.</summary>
    public int Series => _index.Count;

    /// <summary>Points of all series.</summary>
    public long Points => _series.Take(Series).Sum(static series => series.Count);

    /// <summary>Sum over all series.</summary>
    public double Sum => _series.Take(Series).Sum(static series => series.Sum);

    /// <summary>Counts all whole lines; returns where the first incomplete one begins. Safe for many threads.</summary>
    public SequencePosition Add(ReadOnlySequence<byte> lines)
    {
        lock (_gate)
        {
            while (!lines.IsEmpty)
            {
                var part = lines.FirstSpan;
                var used = AddLines(part);
                if (used == 0)
                {
                    // A line that goes on in the next segment.
                    if (lines.PositionOf((byte)'\n') is not { } end)
                    {
                        return lines.Start;
                    }
                    var line = lines.Slice(0, lines.GetPosition(1, end));
                    used = (int)line.Length;
                    _joined = _joined.Length < used ? new byte[used * 2] : _joined;
                    line.CopyTo(_joined);
                    AddLines(_joined.AsSpan(0, used));
                }
                lines = lines.Slice(used);
            }
            return lines.End;
        }
    }

    private int AddLines(ReadOnlySpan<byte> part)
    {
        var lineStart = 0;
        // FNV-1a (Fowler, Noll, Vo): a multiplication per byte, one after the other.
        var hash = 14695981039346656037UL;
        int keyEnd = -1, valueStart = -1;
        for (var i = 0; i < part.Length; i++)
        {
            var symbol = part[i];
            if (symbol == '\n')
            {
                if (valueStart >= 0 && Utf8Parser.TryParse(part[valueStart..i], out double value, out _))
                {
                    Count(hash, value);
                }
                (lineStart, hash, keyEnd, valueStart) = (i + 1, 14695981039346656037UL, -1, -1);
            }
            else if (keyEnd < 0)
            {
                if (symbol == ' ')
                {
                    keyEnd = i;
                }
                else
                {
                    hash = unchecked((hash ^ symbol) * 1099511628211UL);
                }
            }
            else if (symbol == '=' && valueStart < 0)
            {
                valueStart = i + 1;
            }
        }
        return lineStart;
    }

    private void Count(ulong key, double value)
    {
        if (!_index.TryGetValue(key, out var number))
        {
            number = _index.Count;
            _index.Add(key, number);
            if (number == _series.Length)
            {
                Array.Resize(ref _series, number * 2);
            }
            _series[number] = new Aggregate { Least = double.PositiveInfinity, Greatest = double.NegativeInfinity };
        }
        ref var series = ref _series[number];
        series.Count++;
        series.Sum += value;
        series.Least = Math.Min(series.Least, value);
        series.Greatest = Math.Max(series.Greatest, value);
    }

    private struct Aggregate
    {
        public long Count;
        public double Sum;
        public double Least;
        public double Greatest;
    }
}
