namespace OrleansMetrics.Gateway.Health;

/// <summary>
/// Whether this process says that it is ready, and why not. Set by the code that starts and stops the process, read by
/// <c>/health/ready</c>. Thread-safe.
/// </summary>
public sealed class ReadinessState
{
    private volatile Moment _moment = new(NodePhase.Starting, "Starting.");

    /// <summary>The phase now.</summary>
    public NodePhase Phase => _moment.Phase;

    /// <summary>Why the process is in this phase, or what it waits for.</summary>
    public string Reason => _moment.Reason;

    /// <summary>Names what the start waits for. Without effect after the start.</summary>
    public bool Starting(string reason) => MoveTo(NodePhase.Starting, reason);

    /// <summary>Says that points can be accepted and delivered. Without effect once the process shuts down.</summary>
    /// <returns>False when the process is shutting down already.</returns>
    public bool Ready() => MoveTo(NodePhase.Ready, "Accepting and delivering points.");

    /// <summary>Says that the process is on its way out. Final. Call it before anything stops.</summary>
    public bool ShuttingDown(string reason = "Shutting down.") => MoveTo(NodePhase.ShuttingDown, reason);

    private bool MoveTo(NodePhase phase, string reason)
    {
        var next = new Moment(phase, reason);
        while (true)
        {
            var current = _moment;
            if (current.Phase > phase)
            {
                return false;
            }

#pragma warning disable CS0420 // Interlocked is at least as strong as the volatile access.
            if (Interlocked.CompareExchange(ref _moment, next, current) == current)
#pragma warning restore CS0420
            {
                return true;
            }
        }
    }

    private sealed record Moment(NodePhase Phase, string Reason);
}
