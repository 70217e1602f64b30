using OrleansMetrics.Benchmarks.Statistics;

namespace OrleansMetrics.Benchmarks.Latency;

/// <summary>Latencies at one rate, in milliseconds.</summary>
/// <param name="PointsPerSecond">What was reached; 0: at rest.</param>
/// <param name="CpuMillisecondsPerSecond">Of the node; the probes' own questions are a good part of it, at rest all of it.</param>
/// <param name="Request">Requests of the load; null at rest.</param>
/// <param name="Visible">From acknowledged to queryable.</param>
/// <param name="Query">Current aggregates of one series.</param>
/// <param name="OthersShare">Share of the machine that others used.</param>
internal sealed record LatencyPoint(double PointsPerSecond, double CpuMillisecondsPerSecond, Sample? Request, Sample Visible, Sample Query, double OthersShare);
