namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>What a completed write survives.</summary>
public enum SqliteSync
{
    /// <summary>The end of any process, <c>kill -9</c> included. Power loss may take the newest writes, never older ones, and never half a write.</summary>
    Normal,

    /// <summary>Power loss too: every commit waits for the disk.</summary>
    Full,
}
