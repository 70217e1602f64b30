using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansMetrics.Benchmarks.Gate;

/// <summary>The file that the gate compares with: <c>benchmarks/gate.json</c>.</summary>
internal sealed record GateRecord
{
    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the numbers are.</summary>
    public string About { get; init; } =
        "CPU per point of the node over that of the yardstick on the same requests; `dotnet run -c Release --project benchmarks -- gate --record` writes this file.";

    /// <summary>The recorded ratio: the median of the rounds.</summary>
    public required double Ratio { get; init; }

    /// <summary>How many times the ratio fails.</summary>
    public double FailsAt { get; init; } = 1.3;

    /// <summary>Rounds that the median is of.</summary>
    public required int Rounds { get; init; }

    /// <summary>Distance of the rounds' quartiles over the median.</summary>
    public required double Spread { get; init; }

    /// <summary>For information: what a point cost the node.</summary>
    public required double NodeNanosecondsPerPoint { get; init; }

    /// <summary>For information: what it cost the yardstick.</summary>
    public required double YardstickNanosecondsPerPoint { get; init; }

    /// <summary>Day and commit.</summary>
    public required string Recorded { get; init; }

    /// <summary>Where.</summary>
    public required string Machine { get; init; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="JsonException">It is no such file.</exception>
    public static GateRecord Read(string json)
    {
        var record = JsonSerializer.Deserialize<GateRecord>(json, Layout) ?? throw new JsonException("The record is empty.");
        return record is { Ratio: > 0, FailsAt: > 1 } ? record : throw new JsonException("The record needs a ratio above 0 and a limit above 1.");
    }

    /// <summary>The file's content.</summary>
    public string Write() => JsonSerializer.Serialize(this, Layout) + "\n";
}
