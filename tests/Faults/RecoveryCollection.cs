namespace OrleansMetrics.Faults;

/// <summary>Runs when no other test does.</summary>
[CollectionDefinition(nameof(RecoveryTests), DisableParallelization = true)]
public static class RecoveryCollection;
