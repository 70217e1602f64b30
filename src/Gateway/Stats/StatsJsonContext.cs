using System.Text.Json.Serialization;

namespace OrleansMetrics.Gateway.Stats;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatsAnswer))]
[JsonSerializable(typeof(ClusterAnswer))]
internal sealed partial class StatsJsonContext : JsonSerializerContext;
