using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Grains.Aggregation;

/// <summary>A running count, sum, minimum and maximum; all zero while empty.</summary>
internal struct Totals
{
    public long Count;
    public double Sum;
    public double Min;
    public double Max;

    public void Add(in Totals other)
    {
        if (other.Count == 0)
        {
            return;
        }

        if (Count == 0)
        {
            this = other;
            return;
        }

        Count += other.Count;
        Sum += other.Sum;
        Min = Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
    }

    public readonly SeriesTotal ToContract() => new() { Count = Count, Sum = Sum, Min = Min, Max = Max };
}
