namespace OrleansMetrics.Faults.Load;

/// <summary>How a client treats a request.</summary>
internal enum RequestManner
{
    /// <summary>Without a key, sent once, whatever becomes of it.</summary>
    Once,

    /// <summary>With a key, repeated until it is acknowledged.</summary>
    UntilAcknowledged,

    /// <summary>With a key, given up after two tries.</summary>
    GivenUp,

    /// <summary>With a key, sent twice at the same time, both until acknowledged.</summary>
    TwiceAtOnce,

    /// <summary>Without a key; the client sends it all, hangs up and never knows.</summary>
    Abandoned,

    /// <summary>With or without a key, the client hangs up in mid body.</summary>
    BrokenOff,
}
