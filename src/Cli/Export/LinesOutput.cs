namespace OrleansMetrics.Cli.Export;

/// <summary>Writes windows as the lines of JSON that they are.</summary>
internal sealed class LinesOutput(TextWriter output) : IWindowsOutput
{
    /// <inheritdoc />
    public Task WriteAsync(string lines, CancellationToken cancellationToken) => output.WriteAsync(lines.AsMemory(), cancellationToken);
}
