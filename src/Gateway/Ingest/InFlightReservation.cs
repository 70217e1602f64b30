namespace OrleansMetrics.Gateway.Ingest;

/// <summary>What one request has reserved of <see cref="InFlightBudget"/>. Used by one thread at a time.</summary>
public sealed class InFlightReservation : IDisposable
{
    private readonly InFlightBudget _budget;
    private long _bytes;

    internal InFlightReservation(InFlightBudget budget) => _budget = budget;

    /// <summary>Reserves up to a total. False: the budget is used up, and what was reserved before stays reserved.</summary>
    public bool TryGrowTo(long bytes)
    {
        if (bytes <= _bytes)
        {
            return true;
        }

        if (!_budget.TryReserve(bytes - _bytes))
        {
            return false;
        }

        _bytes = bytes;
        return true;
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        _budget.Release(_bytes);
        _bytes = 0;
    }
}
