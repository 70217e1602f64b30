namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>Which state of which grain of which service.</summary>
internal readonly record struct StateKey(string ServiceId, string GrainId, string StateName);
