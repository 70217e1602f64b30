using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Protocols.Json;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>Reads a line of an import: docs/formats/export.md. Members that are not known are passed over.</summary>
internal sealed class ImportLine
{
    private double? _sum;
    private double? _min;
    private double? _max;
    private double? _last;
    private double[]? _values;
    private byte[]? _sketch;
    private long? _count;
    private DateTimeOffset? _start;
    private DateTimeOffset? _end;
    private DateTimeOffset? _lastUpdated;

    private ImportLine()
    {
    }

    /// <summary>The metric named; null: none.</summary>
    public string? Metric { get; private set; }

    /// <summary>The kind named; null: none.</summary>
    public MetricKind? Kind { get; private set; }

    public Tag[] Tags { get; private set; } = [];

    public StoredWindow Window { get; private set; } = null!;

    /// <summary>Reads a line; null, and what is wrong with it, when it is none.</summary>
    public static ImportLine? Parse(ReadOnlySequence<byte> text, out string error)
    {
        var line = new ImportLine();
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                error = "The line is no JSON object.";
                return null;
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                line.Read(member);
            }

            line.Complete();
            error = "";
            return line;
        }
        catch (JsonException exception)
        {
            error = $"The line is no JSON: {exception.Message}";
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException or OverflowException)
        {
            error = exception.Message;
        }

        return null;
    }

    private void Read(JsonProperty member)
    {
        var value = member.Value;
        try
        {
            switch (member.Name)
            {
                case "metric":
                    Metric = value.GetString();
                    break;
                case "kind":
                    Kind = MetricKindNames.TryParse(Encoding.UTF8.GetBytes(value.GetString() ?? ""), out var kind) ? kind : throw new FormatException($"is none of {MetricKindNames.All}");
                    break;
                case "tags":
                    Tags = ReadTags(value);
                    break;
                case "start":
                    _start = ReadInstant(value);
                    break;
                case "end":
                    _end = ReadInstant(value);
                    break;
                case "lastUpdated":
                    _lastUpdated = ReadInstant(value);
                    break;
                case "count":
                    _count = value.GetInt64();
                    break;
                case "sum":
                    _sum = ReadNumber(value);
                    break;
                case "min":
                    _min = ReadNumber(value);
                    break;
                case "max":
                    _max = ReadNumber(value);
                    break;
                case "last":
                    _last = ReadNumber(value);
                    break;
                case "values":
                    _values = [.. value.EnumerateArray().Select(static one => one.GetDouble())];
                    break;
                case "sketch":
                    _sketch = value.GetBytesFromBase64();
                    break;
            }
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            throw new FormatException($"'{member.Name}' {(exception is FormatException && exception.Message.StartsWith("is ", StringComparison.Ordinal) ? exception.Message : "is not of its type")}.", exception);
        }
    }

    private void Complete()
    {
        if (_start is not { } start || _end is not { } end)
        {
            throw new FormatException("'start' or 'end' is missing.");
        }

        if ((_count ?? _values?.Length) is not { } count)
        {
            throw new FormatException("'count' is missing.");
        }

        // One value says all.
        var only = _values is null && _min is { } least && least.Equals(_max) ? least : (double?)null;
        only ??= _values is null && count == 1 ? _last ?? _sum : null;
        if (Kind != MetricKind.Set && _values is null && only is null && (_sum is null || _min is null || _max is null || _last is null))
        {
            throw new FormatException("'values' are missing, or else 'sum', 'min', 'max' and 'last'.");
        }

        Window = new StoredWindow
        {
            Start = start,
            End = end,
            Count = count,
            Sum = _sum ?? (only * count) ?? 0,
            Min = _min ?? only ?? 0,
            Max = _max ?? only ?? 0,
            Last = _last ?? only ?? (_values is { Length: > 0 } values ? values[^1] : 0),
            LastUpdated = _lastUpdated ?? start,
            Values = _values,
            Sketch = _sketch,
        };
    }

    private static DateTimeOffset ReadInstant(JsonElement value)
    {
        var milliseconds = 0L;
        var isInstant = value.ValueKind == JsonValueKind.Number
            ? value.TryGetInt64(out milliseconds)
            : Rfc3339.TryParse(Encoding.UTF8.GetBytes(value.GetString() ?? ""), out milliseconds);
        return isInstant && milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw new FormatException("is no time: RFC 3339, or Unix milliseconds as a number");
    }

    private static double? ReadNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => double.Parse(value.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => value.GetDouble(),
    };

    private static Tag[] ReadTags(JsonElement value)
    {
        var tags = new List<Tag>();
        foreach (var tag in value.EnumerateObject())
        {
            var text = tag.Value.GetString() ?? "";
            if (tag.Name.Length == 0 || text.Length == 0 || tag.Name.Any(char.IsControl) || text.Any(char.IsControl)
                || Encoding.UTF8.GetByteCount(tag.Name) > PointLimits.MaxTagNameBytes || Encoding.UTF8.GetByteCount(text) > PointLimits.MaxTagValueBytes)
            {
                throw new FormatException("is not what tags can be: names and values that are not empty, not too long, and without control characters");
            }

            if (tags.Count == PointLimits.MaxTags || tags.Exists(one => one.Name == tag.Name))
            {
                throw new FormatException($"is more than {PointLimits.MaxTags} tags, or a tag comes twice");
            }

            tags.Add(new Tag(tag.Name, text));
        }

        return [.. tags];
    }
}
