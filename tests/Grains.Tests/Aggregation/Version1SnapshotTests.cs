using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using CsCheck;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregation;

/// <summary>
/// Snapshots that the last build with version 1 wrote, each with what that build answered from it: 24 random runs, and one with windows
/// of 1 to 400 points of every kind of values, two window sizes, a collision and a series without a definition.
/// </summary>
public sealed class Version1SnapshotTests
{
    private const int HeaderLength = 12;

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        IncludeFields = true,
        IgnoreReadOnlyProperties = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly Snapshot[] Snapshots = Load();

    [Fact]
    public void Snapshots_of_version_1_are_read_and_answer_what_they_did()
    {
        Assert.Equal(25, Snapshots.Length);
        foreach (var snapshot in Snapshots)
        {
            var aggregator = MetricAggregator.ReadSnapshot(snapshot.Bytes, snapshot.Settings);
            Assert.Equal(snapshot.Aggregates, Text(aggregator));
            var again = MetricAggregator.ReadSnapshot(Write(aggregator), snapshot.Settings);
            Assert.Equal(snapshot.Aggregates, Text(again));
            Assert.Equal(Write(aggregator), Write(again));
        }
    }

    [Fact]
    public void A_truncated_or_damaged_snapshot_of_version_1_is_invalid_data() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Byte[1, 255]).Sample(
        static (at, flip) =>
        {
            var snapshot = Snapshots[at % Snapshots.Length];
            Assert.Throws<InvalidDataException>(() => MetricAggregator.ReadSnapshot(snapshot.Bytes.AsSpan(0, at % snapshot.Bytes.Length), snapshot.Settings));
            var bytes = snapshot.Bytes.ToArray();
            bytes[at % bytes.Length] ^= flip;
            Assert.Throws<InvalidDataException>(() => MetricAggregator.ReadSnapshot(bytes, snapshot.Settings));
        },
        iter: 2_000);

    [Fact]
    public void A_damaged_body_of_version_1_under_a_correct_checksum_is_invalid_data_or_a_usable_aggregator()
    {
        int read = 0, refused = 0;
        Gen.Select(Gen.Int[0, Snapshots.Length - 2], Gen.Select(Gen.Int, Gen.Frequency((2, Gen.Byte), (1, Gen.Const((byte)0xFF)), (1, Gen.Const((byte)0)))).Array[1, 4]).Sample(
            (which, damage) =>
            {
                var snapshot = Snapshots[which];
                var bytes = snapshot.Bytes.ToArray();
                foreach (var (at, value) in damage)
                {
                    bytes[HeaderLength + (int)((uint)at % (bytes.Length - HeaderLength))] = value;
                }

                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.HashToUInt32(bytes.AsSpan(HeaderLength)));
                try
                {
                    var aggregator = MetricAggregator.ReadSnapshot(bytes, snapshot.Settings);
                    _ = Text(aggregator);
                    Assert.Equal(Write(aggregator), Write(MetricAggregator.ReadSnapshot(Write(aggregator), snapshot.Settings)));
                    Interlocked.Increment(ref read);
                }
                catch (InvalidDataException)
                {
                    Interlocked.Increment(ref refused);
                }
            },
            iter: 4_000);
        Assert.True(read > 200 && refused > 200, $"{read} read, {refused} refused");
    }

    private static string Text(MetricAggregator aggregator) => JsonSerializer.Serialize(
        (aggregator.Query("m", new AggregatesQuery()), aggregator.Counters, aggregator.Position, aggregator.Watermark, aggregator.NextCloseAt, aggregator.SeriesCount), JsonOptions)
        .Replace(",\"Overflowed\":0,\"Corrected\":0,\"Conflicted\":0", "", StringComparison.Ordinal).Replace(",\"Revision\":0", "", StringComparison.Ordinal).Replace(",\"Distinct\":null", "", StringComparison.Ordinal);

    private static byte[] Write(MetricAggregator aggregator)
    {
        var output = new ArrayBufferWriter<byte>();
        aggregator.WriteSnapshot(output);
        return output.WrittenSpan.ToArray();
    }

    private static Snapshot[] Load()
    {
        using var resource = typeof(Version1SnapshotTests).Assembly.GetManifestResourceStream("Version1Snapshots.json.gz")!;
        using var json = new GZipStream(resource, CompressionMode.Decompress);
        return [.. JsonDocument.Parse(json).RootElement.EnumerateArray().Select(static entry => new Snapshot(
            AggregatorRun.CreateSettings(entry.GetProperty("Size").GetInt64(), entry.GetProperty("AllowedLateness").GetInt64(), entry.GetProperty("Retained").GetInt32()),
            entry.GetProperty("Snapshot").GetBytesFromBase64(),
            entry.GetProperty("Aggregates").GetString()!))];
    }

    private sealed record Snapshot(WindowSettings Settings, byte[] Bytes, string Aggregates);
}
