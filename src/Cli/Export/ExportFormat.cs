namespace OrleansMetrics.Cli.Export;

/// <summary>How windows are written.</summary>
internal enum ExportFormat
{
    /// <summary>An object a line.</summary>
    Json,

    /// <summary>With a header.</summary>
    Csv,
}
