using System.Text.Json;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>Shorter ways into answers.</summary>
internal static class JsonElementExtensions
{
    public static long Number(this JsonElement element, string name) => element.GetProperty(name).GetInt64();

    public static double Value(this JsonElement element, string name) => element.GetProperty(name).GetDouble();

    public static IEnumerable<JsonElement> List(this JsonElement element, string name) => element.GetProperty(name).EnumerateArray();
}
