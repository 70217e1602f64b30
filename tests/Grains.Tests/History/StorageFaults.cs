namespace OrleansMetrics.Grains.Tests.History;

/// <summary>Lets a call to storage fail, before or after it has done its work.</summary>
internal sealed class StorageFaults
{
    private int _left = int.MaxValue;
    private bool _after;

    public int Calls { get; private set; }

    /// <summary>The call after so many others fails; those after it, too, until <see cref="Clear"/>.</summary>
    public void FailAfter(int calls, bool afterTheEffect) => (_left, _after) = (calls, afterTheEffect);

    public void Clear() => _left = int.MaxValue;

    public void Before()
    {
        Calls++;
        if (_left < 0 || (_left == 0 && !_after))
        {
            _left = -1;
            throw new IOException("The storage fails.");
        }
    }

    public void After()
    {
        if (_left != int.MaxValue && _left-- == 0)
        {
            throw new IOException("The storage has done it, and nobody hears of it.");
        }
    }
}
