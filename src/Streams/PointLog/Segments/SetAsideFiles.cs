using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Records that cannot be read, each in a file: a line of JSON and the payload. The 256 highest positions of each partition.</summary>
internal sealed class SetAsideFiles(LogFiles files)
{
    private const int MaxFiles = 256;

    /// <summary>Keeps a record, durably; nothing when it is kept already.</summary>
    public void Keep(int partition, LogRecord record, string reason, long now)
    {
        Directory.CreateDirectory(files.Aside);
        var path = Path.Combine(files.Aside, string.Create(CultureInfo.InvariantCulture, $"{partition}-{record.Position:D20}"));
        if (File.Exists(path))
        {
            return;
        }

        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("reason", reason);
            json.WriteNumber("ingestedAt", record.IngestedAt);
            json.WriteNumber("pointsThrough", record.PointsThrough);
            json.WriteNumber("setAsideAt", now);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        bytes.Write(record.Payload.Span);
        LogFiles.Replace(path, bytes.WrittenSpan);
        foreach (var old in Directory.GetFiles(files.Aside, string.Create(CultureInfo.InvariantCulture, $"{partition}-*")).OrderDescending(StringComparer.Ordinal).Skip(MaxFiles))
        {
            File.Delete(old);
        }
    }
}
