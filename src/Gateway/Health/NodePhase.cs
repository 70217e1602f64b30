namespace OrleansMetrics.Gateway.Health;

/// <summary>Where a process is in its life. It only moves forward.</summary>
public enum NodePhase
{
    /// <summary>Not yet able to accept or deliver points.</summary>
    Starting,

    /// <summary>Accepting and delivering.</summary>
    Ready,

    /// <summary>On its way out; senders should go elsewhere.</summary>
    ShuttingDown,
}
