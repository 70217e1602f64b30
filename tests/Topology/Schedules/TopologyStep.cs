namespace OrleansMetrics.Topology.Schedules;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Fault">What happens.</param>
/// <param name="AfterRequests">How many requests are acknowledged after the fault before, until it happens.</param>
/// <param name="Amount">How much of it: a percentage whose meaning is the fault's.</param>
internal sealed record TopologyStep(int Number, TopologyFault Fault, int AfterRequests, int Amount)
{
    /// <summary>A time between two bounds that goes with the amount.</summary>
    public TimeSpan Scale(TimeSpan least, TimeSpan most) => least + ((most - least) * Amount / 100);

    public override string ToString() => $"#{Number} {Fault} (amount {Amount}) after {AfterRequests} requests";
}
