namespace OrleansMetrics.Faults.Load;

/// <summary>How fast clients send, and when they stop.</summary>
internal sealed class LoadPace
{
    private volatile bool _isOver;
    private volatile bool _isCutOff;
    private volatile bool _isBurst;

    /// <summary>No new requests; those under way are still brought to their end.</summary>
    public bool IsOver => _isOver;

    /// <summary>Requests under way are given up: the run has failed already.</summary>
    public bool IsCutOff => _isCutOff;

    /// <summary>Without pauses, to fill what is bounded.</summary>
    public bool IsBurst
    {
        get => _isBurst;
        set => _isBurst = value;
    }

    public void End() => _isOver = true;

    public void CutOff()
    {
        _isOver = true;
        _isCutOff = true;
    }

    public Task PauseAsync(Random random) => _isBurst ? Task.CompletedTask : Task.Delay(random.Next(8, 25));

    public Task BackOffAsync() => Task.Delay(30);
}
