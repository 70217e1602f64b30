namespace OrleansMetrics.Grains.History;

/// <summary>How many merges run on this silo at a time: they must not take the processors from ingest. Those that find none free try again at the next flush.</summary>
public sealed class HistoryWorkSlots
{
    private const int Most = 2;

    private int _taken;

    /// <summary>Takes a slot, if there is one.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= Most)
        {
            return true;
        }

        Interlocked.Decrement(ref _taken);
        return false;
    }

    /// <summary>Gives a slot back.</summary>
    public void Return() => Interlocked.Decrement(ref _taken);
}
