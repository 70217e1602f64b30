namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>
/// A grain's activation under Orleans' rules: one call at a time, but for those that always interleave; calls wait until it is active, and fail
/// when it is gone. A killed one never resumes: answers to it are dropped.
/// </summary>
internal class SimulatedActivation(string name)
{
    private readonly Queue<Func<Task>> _turns = new();
    private readonly HashSet<Action<Exception>> _outstanding = [];
    private readonly List<Action> _waiting = [];
    private bool _busy;

    public string Name { get; } = name;

    public bool Alive { get; private set; } = true;

    public bool Ready { get; private set; }

    /// <summary>No longer the one that the directory names.</summary>
    public bool Stale { get; set; }

    public bool DeactivationRequested { get; set; }

    public bool Deactivating { get; set; }

    public bool IsIdle => !_busy && _turns.Count == 0;

    public virtual void Activated()
    {
        Ready = true;
        foreach (var start in _waiting)
        {
            start();
        }

        _waiting.Clear();
    }

    public void Enqueue(Func<Task> turn)
    {
        _turns.Enqueue(turn);
        Pump();
    }

    public Task<T> Receive<T>(Func<Task<T>> body, bool interleave)
    {
        var answer = new TaskCompletionSource<T>();
        if (!Alive)
        {
            answer.SetException(new SimulatedFaultException($"{Name} is gone"));
            return answer.Task;
        }

        Action<Exception> fail = exception => answer.TrySetException(exception);
        _outstanding.Add(fail);
        async Task Run()
        {
            try
            {
                answer.TrySetResult(await body());
            }
            catch (Exception exception)
            {
                answer.TrySetException(exception);
            }

            _outstanding.Remove(fail);
        }

        Action start = interleave ? () => _ = Run() : () => Enqueue(Run);
        if (Ready)
        {
            start();
        }
        else
        {
            _waiting.Add(start);
        }

        return answer.Task;
    }

    public virtual void Kill()
    {
        Alive = false;
        foreach (var fail in _outstanding.ToList())
        {
            fail(new SimulatedFaultException($"{Name} was killed"));
        }
    }

    private async void Pump()
    {
        while (!_busy && Alive && _turns.TryDequeue(out var turn))
        {
            _busy = true;
            await turn();
            _busy = false;
        }
    }
}

internal sealed class SimulatedFaultException(string message) : Exception(message);
