using System.Text.Json.Serialization;

namespace OrleansMetrics.Cli.Load;

/// <summary>The outcome of a load, as <c>--json</c> prints it. Times per point are nanoseconds of CPU.</summary>
internal sealed record LoadReport
{
    public required string Node { get; init; }

    public required string Prefix { get; init; }

    public required ulong Seed { get; init; }

    public required int Connections { get; init; }

    public required long Series { get; init; }

    public required long Requests { get; init; }

    public required long PointsSent { get; init; }

    public required long PointsAccepted { get; init; }

    public required long PointErrors { get; init; }

    public required long PointsUncertain { get; init; }

    public required long Retries { get; init; }

    /// <summary>Requests whose repeat the node knew.</summary>
    public required long Replays { get; init; }

    /// <summary>Points that the node counted as late meanwhile, whoever sent them: they are in no total.</summary>
    public long PointsLate { get; init; }

    public required long BodyBytes { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Accepted points per second of sending.</summary>
    public required double PointsPerSecond { get; init; }

    /// <summary>Seconds from the first request until the node had processed everything; null when that is not known.</summary>
    public double? SecondsToProcessed { get; init; }

    public required LatencyReport LatencyMilliseconds { get; init; }

    public required double LoaderCpuNanosecondsPerPoint { get; init; }

    public ServerReport? Server { get; init; }

    public VerificationReport? Verification { get; init; }

    /// <summary>Why the comparison that was asked for did not happen.</summary>
    public string? VerificationFailure { get; init; }

    public required bool Interrupted { get; init; }

    public string? FirstError { get; init; }

    /// <summary>True when every point was accepted and the comparison, if asked for, found no difference.</summary>
    public required bool Ok { get; init; }
}

/// <summary>Request latencies.</summary>
internal sealed record LatencyReport(double P50, double P90, double P99, double Max);

/// <summary>What the node's process used, from before the first request until it had processed everything.</summary>
internal sealed record ServerReport(int Pid, double CpuSeconds, double CpuNanosecondsPerPoint, long ResidentBytes, bool Settled);

/// <summary>The comparison of what was acknowledged with what the node holds.</summary>
/// <param name="Series">Series compared.</param>
/// <param name="ExpectedPoints">Points acknowledged.</param>
/// <param name="FoundPoints">Points in the node's lifetime totals.</param>
/// <param name="Differences">Series that differ.</param>
/// <param name="Examples">The first differences.</param>
internal sealed record VerificationReport(long Series, long ExpectedPoints, long FoundPoints, long Differences, string[] Examples);

/// <summary>Writes reports without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LoadReport))]
internal sealed partial class LoadJsonContext : JsonSerializerContext;
