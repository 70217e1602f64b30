namespace OrleansMetrics.Contracts.Windows;

/// <summary>Numbers of windows that a query of a range asks for; <see cref="WindowAggregate.Count"/> is always there, <see cref="WindowAggregate.Distinct"/> in sets.</summary>
[Flags]
public enum RangeMembers
{
    /// <summary>The count only.</summary>
    None = 0,

    /// <summary>The sum, and with it mean and rate.</summary>
    Sum = 1,

    /// <summary>The least value.</summary>
    Min = 2,

    /// <summary>The greatest value.</summary>
    Max = 4,

    /// <summary>The last value, and when it was.</summary>
    Last = 8,

    /// <summary>How many points were late.</summary>
    Revision = 16,

    /// <summary>All of them.</summary>
    All = Sum | Min | Max | Last | Revision,
}
