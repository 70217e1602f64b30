namespace OrleansMetrics.Streams.Redis;

/// <summary>
/// Tells those who wait of new records: at once when nothing has been told for a while, else together with what comes until then. A process that is woken for every record of
/// every partition spends most of its time on waking up; so it is woken at most once per interval, for all partitions.
/// </summary>
internal sealed class PacedNews : IDisposable
{
    private readonly Action<int, long> _tell;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly long[] _positions;
    private readonly ITimer _timer;
    private long _told;
    private bool _waits;

    /// <param name="tell">Takes a partition, and a position that it holds a record at.</param>
    /// <param name="partitions">Of the log.</param>
    /// <param name="interval">Between two times of telling, at least; zero: always at once.</param>
    /// <param name="time">The clock.</param>
    public PacedNews(Action<int, long> tell, int partitions, TimeSpan interval, TimeProvider time)
    {
        _tell = tell;
        _interval = interval;
        _time = time;
        _positions = new long[partitions];
        _told = time.GetTimestamp() - (long)(interval.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(static news => ((PacedNews)news!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The partition holds a record at this position.</summary>
    public void Seen(int partition, long position)
    {
        lock (_lock)
        {
            if (position <= _positions[partition])
            {
                return;
            }

            _positions[partition] = position;
            if (_waits)
            {
                return;
            }

            var now = _time.GetTimestamp();
            var left = _interval - _time.GetElapsedTime(_told, now);
            if (left > TimeSpan.Zero)
            {
                _waits = true;
                _timer.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            _told = now;
        }

        _tell(partition, position);
    }

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();

    private void Tell()
    {
        lock (_lock)
        {
            _waits = false;
            _told = _time.GetTimestamp();
            for (var partition = 0; partition < _positions.Length; partition++)
            {
                // Some have been told of before, which says nothing new.
                _tell(partition, _positions[partition]);
            }
        }
    }
}
