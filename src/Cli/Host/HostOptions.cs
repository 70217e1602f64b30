namespace OrleansMetrics.Cli.Host;

/// <summary>What <c>host</c> was asked for.</summary>
/// <param name="Interval">Time between two samples.</param>
/// <param name="Tags">Tags of every point.</param>
/// <param name="Count">Samples to take; 0: no end.</param>
/// <param name="BufferSamples">Samples to keep while the node is away.</param>
internal sealed record HostOptions(TimeSpan Interval, KeyValuePair<string, string>[] Tags, long Count, int BufferSamples);
