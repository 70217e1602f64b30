using System.Numerics;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>The values of open windows: in blocks while they are few, in pooled sketches then.</summary>
internal sealed class OpenValues(BlockHeap heap)
{
    private readonly SketchPool _sketches = new();

    /// <summary>A value near the end of the block, without meaning, to have it in the cache.</summary>
    public int Touch(in WindowCell cell) => cell.Values == 0 ? 0 : (int)heap.At(cell.Values)[(int)cell.Count - 1];

    /// <summary>As <see cref="SketchPool.Trim"/>.</summary>
    public void Trim(bool all) => _sketches.Trim(all);

    /// <summary>Keeps one more value of a window that has points but no sketch, or hands them all to a sketch.</summary>
    public void Add(ref WindowCell cell, double value)
    {
        var count = (int)cell.Count;
        if (count == Window.MaxValues)
        {
            var sketch = _sketches.Take();
            foreach (var bits in heap.At(cell.Values)[..count])
            {
                sketch.Add(BitConverter.UInt64BitsToDouble(bits));
            }

            sketch.Add(value);
            heap.Free(cell.Values, count);
            cell.Values = 0;
            cell.Sketch = sketch;
            return;
        }

        if (BitOperations.IsPow2(count))
        {
            Grow(ref cell, count);
        }

        heap.At(cell.Values)[count] = BitConverter.DoubleToUInt64Bits(value);
    }

    private void Grow(ref WindowCell cell, int count)
    {
        var block = heap.Allocate(count * 2);
        if (count == 1)
        {
            heap.At(block)[0] = BitConverter.DoubleToUInt64Bits(cell.Last);
        }
        else
        {
            heap.At(cell.Values)[..count].CopyTo(heap.At(block));
            heap.Free(cell.Values, count);
        }

        cell.Values = block;
    }

    /// <summary>Fills a window from an open one; its sketch is borrowed until the next point.</summary>
    public void Load(in WindowCell cell, long size, Window into)
    {
        into.Start = cell.Start;
        into.Size = size;
        into.Totals = new Totals { Count = cell.Count, Sum = cell.Sum, Min = cell.Min, Max = cell.Max };
        into.Last = cell.Last;
        into.LastAt = cell.LastAt;
        into.Sketch = cell.Sketch;
        if (cell.Count == 1 && cell.Sketch is null)
        {
            into.Values[0] = cell.Last;
        }
        else if (cell.Sketch is null)
        {
            var values = into.Values;
            var block = heap.At(cell.Values);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = BitConverter.UInt64BitsToDouble(block[i]);
            }
        }
    }

    /// <summary>Fills an empty cell from a window, which keeps its own sketch.</summary>
    public void Fill(ref WindowCell cell, Window window)
    {
        cell.Start = window.Start;
        cell.Count = window.Totals.Count;
        cell.Sum = window.Totals.Sum;
        cell.Min = window.Totals.Min;
        cell.Max = window.Totals.Max;
        cell.Last = window.Last;
        cell.LastAt = window.LastAt;
        if (window.Sketch is { } sketch)
        {
            cell.Sketch = _sketches.Take();
            cell.Sketch.Merge(sketch);
        }
        else if (window.Totals.Count > 1)
        {
            cell.Values = heap.Allocate((int)BitOperations.RoundUpToPowerOf2((uint)window.Values.Length));
            var block = heap.At(cell.Values);
            for (var i = 0; i < window.Values.Length; i++)
            {
                block[i] = BitConverter.DoubleToUInt64Bits(window.Values[i]);
            }
        }
    }

    /// <summary>Empties a cell and takes its memory back.</summary>
    public void Release(ref WindowCell cell)
    {
        if (cell.Sketch is not null)
        {
            _sketches.Return(cell.Sketch);
        }
        else if (cell.Count > 1)
        {
            heap.Free(cell.Values, (int)BitOperations.RoundUpToPowerOf2((uint)cell.Count));
        }

        cell = new WindowCell { Next = cell.Next };
    }
}
