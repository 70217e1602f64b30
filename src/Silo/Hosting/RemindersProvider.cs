namespace OrleansMetrics.Silo.Hosting;

/// <summary>Where reminders are kept.</summary>
public enum RemindersProvider
{
    /// <summary>In the process; registered again at every start.</summary>
    Memory,

    /// <summary>In Redis.</summary>
    Redis,
}
