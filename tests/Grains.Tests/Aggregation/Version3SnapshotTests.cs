using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>Snapshots of 40 random runs that the last build with version 3 wrote, half of them with history, each with what that build answered from it.</summary>
public sealed class Version3SnapshotTests
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        IncludeFields = true,
        IgnoreReadOnlyProperties = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly Snapshot[] Snapshots = Load();

    [Fact]
    public void Snapshots_of_version_3_are_read_and_answer_what_they_did()
    {
        Assert.Equal(40, Snapshots.Length);
        foreach (var snapshot in Snapshots)
        {
            var aggregator = MetricAggregator.ReadSnapshot(snapshot.Bytes, snapshot.Settings);
            Assert.Equal(snapshot.Answers, Text(aggregator));
            var again = MetricAggregator.ReadSnapshot(Write(aggregator), snapshot.Settings);
            Assert.Equal(snapshot.Answers, Text(again));
            Assert.Equal(Write(aggregator), Write(again));
        }
    }

    [Fact]
    public void A_snapshot_of_version_2_is_one_without_history()
    {
        foreach (var snapshot in Snapshots.Where(static (_, i) => i % 2 == 0))
        {
            Assert.Equal(0, snapshot.Bytes[^5]);
            byte[] body = [.. snapshot.Bytes[..3], 2, .. snapshot.Bytes[4..^5]];
            var crc = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(crc, Crc32.HashToUInt32(body));
            Assert.Equal(snapshot.Answers, Text(MetricAggregator.ReadSnapshot([.. body, .. crc], snapshot.Settings)));
        }
    }

    [Fact]
    public void Series_of_a_snapshot_of_version_3_expire_as_if_seen_last_when_it_was_written()
    {
        var expired = 0;
        foreach (var snapshot in Snapshots)
        {
            var settings = snapshot.Settings with { Series = new SeriesLimits(100_000) };
            var aggregator = MetricAggregator.ReadSnapshot(snapshot.Bytes, settings);
            var series = aggregator.SeriesCount;
            aggregator.AdvanceWatermark(aggregator.Watermark + settings.AllowedLateness + 99_999);
            aggregator.RemoveExpired();
            Assert.Equal(series, aggregator.SeriesCount);
            aggregator.AdvanceWatermark(aggregator.Watermark + settings.Size + 1_001);
            aggregator.RemoveExpired();
            Assert.Equal(0, aggregator.SeriesCount);
            expired += series;
        }

        Assert.True(expired > 100, $"{expired} series");
    }

    private static string Text(MetricAggregator aggregator)
    {
        var counters = aggregator.Counters;
        return JsonSerializer.Serialize(
            (aggregator.Query("m", new AggregatesQuery()), counters.Processed, counters.Late, counters.Collided, aggregator.Position, aggregator.Watermark,
                aggregator.NextCloseAt, aggregator.SeriesCount, aggregator.KeptAfter, aggregator.History?.Bytes),
            JsonOptions).Replace(",\"Revision\":0", "", StringComparison.Ordinal).Replace(",\"Distinct\":null", "", StringComparison.Ordinal);
    }

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private static Snapshot[] Load()
    {
        using var resource = typeof(Version3SnapshotTests).Assembly.GetManifestResourceStream("Version3Snapshots.json.gz")!;
        using var json = new GZipStream(resource, CompressionMode.Decompress);
        return [.. JsonDocument.Parse(json).RootElement.EnumerateArray().Select(static entry => new Snapshot(
            AggregatorRun.CreateSettings(entry.GetProperty("Size").GetInt64(), entry.GetProperty("AllowedLateness").GetInt64(), entry.GetProperty("Retained").GetInt32()),
            entry.GetProperty("Snapshot").GetBytesFromBase64(),
            entry.GetProperty("Answers").GetString()!))];
    }

    private sealed record Snapshot(WindowSettings Settings, byte[] Bytes, string Answers);
}
