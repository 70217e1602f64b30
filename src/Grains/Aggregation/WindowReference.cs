namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Where a window of a series is.</summary>
/// <param name="Start">Start of the window.</param>
/// <param name="Size">Its length.</param>
/// <param name="Place"><see cref="Packed"/>, <see cref="Current"/>, or the place plus one in the list of other open windows.</param>
/// <param name="Offset">Of a packed window: where its bytes begin.</param>
/// <param name="Length">Of a packed window: how many bytes it has.</param>
internal readonly record struct WindowReference(long Start, int Size, int Place, int Offset, int Length) : IComparable<WindowReference>
{
    public const int Packed = -1;
    public const int Current = 0;

    public long End => Start + Size;

    public int CompareTo(WindowReference other) => Start != other.Start ? Start.CompareTo(other.Start) : Size.CompareTo(other.Size);
}
