using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>Reads the object of one point: where its metric and tags stand, its value and its time. The last of a repeated property counts.</summary>
internal ref struct JsonPointReader
{
    /// <summary>What is wrong with a value that is neither.</summary>
    public const string NoNumber = "The value is no number or boolean.";

    private const int MaxTimestampBytes = 64;

    /// <summary>The metric's name between its quotes, escapes and all; null when there is none.</summary>
    public JsonElementRange? Metric { get; private set; }

    /// <summary>The object of the tags with its braces, or nothing.</summary>
    public JsonElementRange Tags { get; private set; }

    /// <summary>The value, if there is one.</summary>
    public double? Value { get; private set; }

    /// <summary>The value between its quotes, escapes and all, when it is a text.</summary>
    public JsonElementRange? Text { get; private set; }

    /// <summary>Unix milliseconds, or null.</summary>
    public long? Timestamp { get; private set; }

    /// <summary>The kind that is named, or null.</summary>
    public MetricKind? Kind { get; private set; }

    /// <summary>What is wrong with the object, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>The counter for <see cref="Error"/>.</summary>
    public RejectReason Reason { get; private set; }

    /// <summary>Reads up to the end of the object that the reader has begun. False: the end is not in the buffer.</summary>
    public bool TryRead(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject)
            {
                return true;
            }

            if (!TryReadProperty(ref reader))
            {
                return false;
            }
        }

        return false;
    }

    private bool TryReadProperty(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("metric"u8))
        {
            return reader.Read() && TryReadMetric(ref reader);
        }

        if (reader.ValueTextEquals("value"u8))
        {
            return reader.Read() && TryReadValue(ref reader);
        }

        if (reader.ValueTextEquals("timestamp"u8))
        {
            return reader.Read() && TryReadTimestamp(ref reader);
        }

        if (reader.ValueTextEquals("kind"u8))
        {
            return reader.Read() && TryReadKind(ref reader);
        }

        return reader.ValueTextEquals("tags"u8) ? reader.Read() && TryReadTags(ref reader) : reader.TrySkip();
    }

    private bool TryReadMetric(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Metric = new JsonElementRange((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            return true;
        }

        Refuse(RejectReason.EmptyName, "The metric is not a string.");
        return reader.TrySkip();
    }

    private bool TryReadValue(ref Utf8JsonReader reader)
    {
        (Value, Text) = (null, null);
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                NumberReader.Read(reader.ValueSpan, out var number, out _);
                Value = number;
                return true;
            case JsonTokenType.True or JsonTokenType.False:
                Value = reader.TokenType == JsonTokenType.True ? 1 : 0;
                return true;
            case JsonTokenType.String:
                Text = new JsonElementRange((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                return true;
            default:
                Refuse(RejectReason.InvalidValue, NoNumber);
                return reader.TrySkip();
        }
    }

    private bool TryReadKind(ref Utf8JsonReader reader)
    {
        Kind = null;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        if (reader.TokenType == JsonTokenType.String && MetricKindNames.TryParse(reader.ValueSpan, out var kind))
        {
            Kind = kind;
            return true;
        }

        Refuse(RejectReason.InvalidKind, RejectReason.InvalidKind.Message());
        return reader.TrySkip();
    }

    private bool TryReadTimestamp(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                Timestamp = null;
                return true;
            case JsonTokenType.Number:
                NumberReader.Read(reader.ValueSpan, out var number, out _);
                SetTimestamp(Math.Abs(number) < long.MaxValue / 2, (long)Math.Floor(number));
                return true;
            case JsonTokenType.String:
                SetTimestamp(TryParseTimestamp(ref reader, out var milliseconds), milliseconds);
                return true;
            default:
                SetTimestamp(false, 0);
                return reader.TrySkip();
        }
    }

    private static bool TryParseTimestamp(ref Utf8JsonReader reader, out long milliseconds)
    {
        milliseconds = 0;
        if (!reader.ValueIsEscaped)
        {
            return Rfc3339.TryParse(reader.ValueSpan, out milliseconds);
        }

        Span<byte> text = stackalloc byte[MaxTimestampBytes];
        return JsonText.TryUnescape(ref reader, text, out var length) && Rfc3339.TryParse(text[..length], out milliseconds);
    }

    private void SetTimestamp(bool valid, long milliseconds)
    {
        Timestamp = milliseconds;
        if (!valid || !TimeRange.Contains(milliseconds))
        {
            Refuse(RejectReason.InvalidTimestamp, "The timestamp is neither RFC 3339 nor Unix milliseconds, or out of range.");
        }
    }

    private bool TryReadTags(ref Utf8JsonReader reader)
    {
        Tags = default;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return true;
            case JsonTokenType.StartObject:
                var at = (int)reader.TokenStartIndex;
                if (!reader.TrySkip())
                {
                    return false;
                }

                Tags = new JsonElementRange(at, (int)reader.BytesConsumed - at);
                return true;
            default:
                Refuse(RejectReason.Malformed, "The tags are not an object.");
                return reader.TrySkip();
        }
    }

    private void Refuse(RejectReason reason, string error)
    {
        if (Error is null)
        {
            Reason = reason;
            Error = error;
        }
    }
}
