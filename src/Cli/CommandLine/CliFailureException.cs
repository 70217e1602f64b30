namespace OrleansMetrics.Cli.CommandLine;

/// <summary>Ends a command with one line on standard error that names the cause.</summary>
internal sealed class CliFailureException(string message, int exitCode = ExitCode.Failure, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
