namespace OrleansMetrics.Cli.Export;

/// <summary>What windows are written to.</summary>
internal interface IWindowsOutput
{
    /// <summary>Writes windows.</summary>
    /// <param name="lines">An object of JSON for each, with the end of its line.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task WriteAsync(string lines, CancellationToken cancellationToken);
}
