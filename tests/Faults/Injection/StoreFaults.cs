namespace OrleansMetrics.Faults.Injection;

/// <summary>What a store, the log or the snapshots, does wrong at the moment. Nothing by default.</summary>
internal sealed record StoreFaults
{
    public static StoreFaults None { get; } = new();

    /// <summary>Share of the writes that fail and have no effect.</summary>
    public double FailBefore { get; init; }

    /// <summary>Share of the writes that have their effect and then fail: a lost answer.</summary>
    public double FailAfter { get; init; }

    /// <summary>Share of the reads that fail.</summary>
    public double FailReads { get; init; }

    /// <summary>How long each write takes longer, at most.</summary>
    public int DelayMilliseconds { get; init; }

    /// <summary>The process dies in this write, counted from 1; 0: in none.</summary>
    public int DieInWrite { get; init; }

    /// <summary>Whether that write has its effect.</summary>
    public bool DieAfterEffect { get; init; }

    /// <summary>Counts only writes of this state (<c>partition</c> or <c>aggregator</c>); all when empty.</summary>
    public string DieInState { get; init; } = "";
}
