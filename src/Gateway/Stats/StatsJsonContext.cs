using System.Text.Json.Serialization;

namespace OrleansMetrics.Gateway.Stats;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatsAnswer))]
internal sealed partial class StatsJsonContext : JsonSerializerContext;
