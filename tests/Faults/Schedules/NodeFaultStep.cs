namespace OrleansMetrics.Faults.Schedules;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Fault">What happens.</param>
/// <param name="AfterRequests">How many requests are acknowledged after the fault before, until it happens.</param>
/// <param name="Amount">How much of it: a percentage whose meaning is the fault's.</param>
/// <param name="AfterEffect">Whether what fails has its effect.</param>
/// <param name="Lingers">Whether it goes on until the fault after it is over.</param>
internal sealed record NodeFaultStep(int Number, NodeFault Fault, int AfterRequests, int Amount, bool AfterEffect, bool Lingers)
{
    /// <summary>A value between two bounds that goes with the amount.</summary>
    public int Scale(int least, int most) => least + ((most - least) * Amount / 100);

    public override string ToString() =>
        $"#{Number} {Fault} (amount {Amount}{(AfterEffect ? ", after effect" : "")}{(Lingers ? ", lingers" : "")}) after {AfterRequests} requests";
}
