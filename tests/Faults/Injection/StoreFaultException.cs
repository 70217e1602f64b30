namespace OrleansMetrics.Faults.Injection;

/// <summary>What an injected fault throws.</summary>
public sealed class StoreFaultException : IOException
{
    /// <summary>An injected fault.</summary>
    public StoreFaultException()
    {
    }

    /// <summary>An injected fault with a message.</summary>
    public StoreFaultException(string message)
        : base(message)
    {
    }

    /// <summary>An injected fault with a message and a cause.</summary>
    public StoreFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
