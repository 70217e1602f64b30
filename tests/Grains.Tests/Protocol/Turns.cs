namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>One thread, one queue: what an await resumes runs in the order in which it was woken.</summary>
internal sealed class Turns : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public void Drain()
    {
        while (_ready.TryDequeue(out var turn))
        {
            turn.Callback(turn.State);
        }
    }
}
