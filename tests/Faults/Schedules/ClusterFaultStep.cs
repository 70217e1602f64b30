namespace OrleansMetrics.Faults.Schedules;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Fault">What happens.</param>
/// <param name="AfterRequests">How many requests are acknowledged after the fault before, until it happens.</param>
/// <param name="Amount">How much of it: a percentage whose meaning is the fault's.</param>
/// <param name="AfterEffect">Whether what fails has its effect.</param>
internal sealed record ClusterFaultStep(int Number, ClusterFault Fault, int AfterRequests, int Amount, bool AfterEffect)
{
    /// <summary>A value between two bounds that goes with the amount.</summary>
    public int Scale(int least, int most) => least + ((most - least) * Amount / 100);

    public override string ToString() => $"#{Number} {Fault} (amount {Amount}{(AfterEffect ? ", after effect" : "")}) after {AfterRequests} requests";
}
