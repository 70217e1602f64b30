using System.Diagnostics;

namespace OrleansMetrics.Faults.Injection;

/// <summary>Decides before each write and read of a store whether it goes wrong, and how.</summary>
internal sealed class FaultInjector(int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private StoreFaults _faults = StoreFaults.None;
    private int _writes;

    public StoreFaults Faults
    {
        get => _faults;
        set
        {
            lock (_lock)
            {
                _faults = value;
                _writes = 0;
            }
        }
    }

    /// <summary>Runs a write with the faults of the moment.</summary>
    /// <exception cref="StoreFaultException">The write fails, before or after its effect.</exception>
    public async Task WriteAsync(string state, Func<Task> write, CancellationToken cancellationToken = default)
    {
        var fate = Decide(state);
        if (fate.Delay > TimeSpan.Zero)
        {
            await Task.Delay(fate.Delay, cancellationToken);
        }

        if (fate.Dies && !fate.HasEffect)
        {
            Die();
        }

        try
        {
            if (fate.HasEffect)
            {
                await write();
            }
        }
        finally
        {
            // Also when the store has refused the write.
            if (fate.Dies)
            {
                Die();
            }
        }

        if (fate.Fails)
        {
            throw new StoreFaultException(fate.HasEffect ? "An injected fault after the write." : "An injected fault before the write.");
        }
    }

    /// <exception cref="StoreFaultException">The read fails.</exception>
    public void BeforeRead()
    {
        lock (_lock)
        {
            if (_faults.FailReads > 0 && _random.NextDouble() < _faults.FailReads)
            {
                throw new StoreFaultException("An injected fault in a read.");
            }
        }
    }

    private WriteFate Decide(string state)
    {
        lock (_lock)
        {
            if (_faults.DieInWrite > 0 && (_faults.DieInState.Length == 0 || _faults.DieInState == state) && ++_writes == _faults.DieInWrite)
            {
                return new WriteFate(TimeSpan.Zero, Fails: false, HasEffect: _faults.DieAfterEffect, Dies: true);
            }

            var drawn = _random.NextDouble();
            var failsBefore = drawn < _faults.FailBefore;
            var failsAfter = !failsBefore && drawn < _faults.FailBefore + _faults.FailAfter;
            var delay = _faults.DelayMilliseconds == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_random.Next(_faults.DelayMilliseconds));
            return new WriteFate(delay, failsBefore || failsAfter, HasEffect: !failsBefore, Dies: false);
        }
    }

    // As hard as it gets: no handler runs, nothing is flushed.
    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    private readonly record struct WriteFate(TimeSpan Delay, bool Fails, bool HasEffect, bool Dies);
}
