using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace OrleansMetrics.Cli.Demo;

/// <summary>The reference scenario: four producers of 5,000 points each, round robin over five metrics.</summary>
internal static class DemoScenario
{
    public const int Producers = 4;

    public const int PointsPerProducer = 5_000;

    public const int PointsPerRequest = 100;

    public const int TotalPoints = Producers * PointsPerProducer;

    public static readonly string[] Metrics = ["cpu.usage", "mem.used", "disk.io", "net.rx", "net.tx"];

    /// <summary>The tag <c>host</c> of a producer's points.</summary>
    public static string Host(int producer) => "server-" + producer.ToString(CultureInfo.InvariantCulture);

    /// <summary>The metric of a producer's point <paramref name="i"/>.</summary>
    public static string Metric(int i) => Metrics[i % Metrics.Length];

    /// <summary>The value of a producer's point <paramref name="i"/>.</summary>
    public static double Value(int producer, int i) => (i * 0.1) + producer;

    /// <summary>Points and sum that a producer gives to a metric.</summary>
    public static (long Count, double Sum) Expected(string metric, int producer)
    {
        var points = Enumerable.Range(0, PointsPerProducer).Where(i => Metric(i) == metric).ToArray();
        return (points.Length, points.Sum(i => Value(producer, i)));
    }

    /// <summary>A JSON array of a producer's consecutive points, without timestamps: the node's clock counts.</summary>
    public static byte[] Body(int producer, int first, int count)
    {
        var buffer = new ArrayBufferWriter<byte>(count * 96);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = first; i < first + count; i++)
            {
                json.WriteStartObject();
                json.WriteString("metric", Metric(i));
                json.WriteNumber("value", Value(producer, i));
                json.WriteStartObject("tags");
                json.WriteString("host", Host(producer));
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
