namespace OrleansMetrics.Streams.Batching;

/// <summary>Bounds of <see cref="SeriesCache"/>: section <c>SeriesCache</c>.</summary>
public sealed class SeriesCacheOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "SeriesCache";

    /// <summary>Most series held, counted as senders write them: a series written in two ways counts twice. Default 1,000,000.</summary>
    public int MaxSeries { get; set; } = 1_000_000;

    /// <summary>Most memory for series, in bytes, estimated. Default 512 MiB; from 1 MiB to 1 GiB.</summary>
    public long MaxBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>Most metrics since the process started; points of further ones are refused. Default 250,000.</summary>
    public int MaxMetrics { get; set; } = 250_000;
}
