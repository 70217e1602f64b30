using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>Structs by ordinal, in pages: growing neither moves what is there nor leaves half of an array unused.</summary>
internal sealed class PagedList<T>
    where T : struct
{
    /// <summary>Below the large object heap for what is kept here.</summary>
    private const int PageShift = 9;
    private const int PageSize = 1 << PageShift;
    private const int FirstCapacity = 4;

    private T[][] _pages = [[]];

    public int Count { get; private set; }

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _pages[index >> PageShift][index & (PageSize - 1)];
    }

    /// <summary>Gives up the elements from an ordinal on.</summary>
    public void Truncate(int count)
    {
        var page = count >> PageShift;
        if (count < Count)
        {
            // The page that goes on being filled must be as new, for what is added next.
            _pages[page].AsSpan(Math.Min(count & (PageSize - 1), _pages[page].Length)).Clear();
        }

        for (page++; page < _pages.Length && _pages[page] is not null; page++)
        {
            _pages[page] = null!;
        }

        Count = count;
    }

    /// <summary>Appends a default element and returns its ordinal. References taken before may then be to a copy left behind.</summary>
    public int Add()
    {
        var page = Count >> PageShift;
        if (page == _pages.Length)
        {
            Array.Resize(ref _pages, (int)BitOperations.RoundUpToPowerOf2((uint)page + 1));
        }

        if (page > 0)
        {
            _pages[page] ??= new T[PageSize];
        }
        else if (Count == _pages[0].Length)
        {
            Array.Resize(ref _pages[0], Math.Clamp(Count * 2, FirstCapacity, PageSize));
        }

        return Count++;
    }
}
