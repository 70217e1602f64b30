using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Streams.PointLog;

/// <summary>What damage of the log's files this process has met. Any thread.</summary>
/// <param name="path">Of the log.</param>
/// <param name="isDamage">True for an error that damage causes.</param>
/// <param name="logger">Told of it.</param>
internal sealed class LogDamage(string path, Predicate<Exception> isDamage, ILogger logger)
{
    private const int MaxReported = 1_000;
    private readonly HashSet<(int Partition, long First)> _reported = [];
    private volatile bool _met;

    /// <summary>Whether any was met; the log is then checked when it is next opened.</summary>
    public bool Met => _met;

    /// <summary>Remembers that an error was damage, if it was.</summary>
    public void Observe(Exception exception)
    {
        if (isDamage(exception))
        {
            _met = true;
        }
    }

    /// <summary>Positions that cannot be read; says so once.</summary>
    public void Report(int partition, long first, long last)
    {
        _met = true;
        lock (_reported)
        {
            if (_reported.Count >= MaxReported || !_reported.Add((partition, first)))
            {
                return;
            }
        }

        PointLogMessages.RecordsUnreadable(logger, path, partition, first, last);
    }
}
