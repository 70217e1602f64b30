namespace OrleansMetrics.Cli.CommandLine;

/// <summary>What the process tells the shell.</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for happened.</summary>
    public const int Ok = 0;

    /// <summary>The command ran and failed, or found that something is wrong.</summary>
    public const int Failure = 1;

    /// <summary>The arguments make no sense; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>Of <c>verify</c>: nothing could be judged, because the node did not answer.</summary>
    public const int Unknown = 2;
}
