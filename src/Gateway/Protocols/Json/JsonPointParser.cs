using System.Text.Json;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Json;

/// <summary>
/// JSON points: an array of objects, one object, or objects one after another (NDJSON), read as the body comes. An object has
/// <c>metric</c>, <c>value</c> (number or boolean; of a set a text, too), and may have <c>timestamp</c> (RFC 3339, or Unix milliseconds as a number) and
/// <c>tags</c> (an object of strings) and <c>kind</c> (of the metric: gauge, counter, cumulative_counter, distribution or set); other properties are ignored.
/// </summary>
/// <remarks>
/// An element that is wrong is refused by itself. After an error of syntax, or an element beyond the size limit, reading goes on at the next
/// line that begins with <c>{</c>. Within an array there is no such place: the elements before the error stand, the error names
/// line and byte, and the rest of the body is not looked at.
/// </remarks>
public sealed class JsonPointParser(SeriesCache cache, int maxElementBytes) : IPointParser
{
    private const int MaxCopy = 32 * 1024;
    private const int ShownBytes = 256;
    private const int MaxKeptAfterEnd = 2 * MaxCopy;
    private static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true };
    private readonly ParsedSeries _parsed = new();
    private PointSink _sink;
    private JsonReaderState _state;
    private byte[] _buffer = new byte[2 * MaxCopy];
    private int _length;
    private int _readAgainAt;
    private bool _inArray;
    private RejectReason _endReason;
    private string? _endMessage;
    private long _index;
    private long _line;
    private int _lineCountedTo;
    private long _stateLine;
    private bool _skipping;

    /// <summary>Begins a body.</summary>
    public void Begin(in PointSink sink)
    {
        _sink = sink;
        _state = new JsonReaderState(Options);
        _length = 0;
        _readAgainAt = 0;
        _inArray = false;
        _endMessage = null;
        _index = 0;
        _line = 1;
        _lineCountedTo = 0;
        _stateLine = 1;
        _skipping = false;
    }

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            var part = piece[..Math.Min(piece.Length, MaxCopy)];
            piece = piece[part.Length..];
            if (_endMessage is not null)
            {
                Copy(part[..Math.Clamp(MaxKeptAfterEnd - _length, 0, part.Length)]);
                continue;
            }

            Copy(part);

            // An element that is not complete is not read again for every byte that comes.
            if (_length >= _readAgainAt)
            {
                ReadBuffer(isFinal: false);
            }
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        var isBlank = _buffer.AsSpan(0, _length).IndexOfAnyExcept(" \t\r\n"u8) < 0;
        if (_endMessage is null && (_inArray || !isBlank))
        {
            ReadBuffer(isFinal: true);
        }

        if (_endMessage is not null)
        {
            var rest = _buffer.AsSpan(0, _length);
            var start = Math.Max(rest.IndexOfAnyExcept(" \t\r\n,"u8), 0);
            Refuse(_endReason, _endMessage, rest[start..], start);
        }
    }

    private void Copy(ReadOnlySpan<byte> part)
    {
        if (_length + part.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_length + part.Length, _buffer.Length * 2));
        }

        part.CopyTo(_buffer.AsSpan(_length));
        _length += part.Length;
    }

    private void ReadBuffer(bool isFinal)
    {
        while (_skipping ? SkipToObject(from: 0) : !ReadElements(isFinal))
        {
            // After an error among objects one after another: on from the next of them.
        }
    }

    /// <summary>Reads the elements that are complete. False: there was an error, and the reading goes on behind it.</summary>
    private bool ReadElements(bool isFinal)
    {
        ReadOnlySpan<byte> buffer = _buffer.AsSpan(0, _length);
        var reader = new Utf8JsonReader(buffer, isFinal, _state);
        var end = 0;
        try
        {
            while (TryReadElement(ref reader, buffer, end))
            {
                end = (int)reader.BytesConsumed;
                _state = reader.CurrentState;
            }
        }
        catch (JsonException e)
        {
            return Fail(RejectReason.Malformed, $"The JSON is not valid at line {_stateLine + e.LineNumber}, byte {e.BytePositionInLine + 1}.", end, isFinal);
        }

        if (_length - end > maxElementBytes)
        {
            return Fail(RejectReason.LineTooLong, $"An element is longer than {maxElementBytes} bytes.", end, isFinal);
        }

        Drop(end);
        _readAgainAt = (int)Math.Min(_length * 2L, maxElementBytes + 1L);
        return true;
    }

    private bool Fail(RejectReason reason, string message, int end, bool isFinal)
    {
        if (_inArray)
        {
            End(reason, message, end);
            return true;
        }

        var rest = _buffer.AsSpan(0, _length)[end..];
        var shown = rest.IndexOfAnyExcept(" \t\r\n,"u8);
        if (shown < 0 && rest.Length <= maxElementBytes && !isFinal)
        {
            // Wait for something to show: which line is named must not depend on how the body is cut into pieces.
            Drop(end);
            _readAgainAt = _length + 1;
            return true;
        }

        var start = end + Math.Max(shown, 0);
        var line = _buffer.AsSpan(0, _length)[start..];
        var lineEnd = line.IndexOf((byte)'\n');
        if (lineEnd < 0 && line.Length < ShownBytes && !isFinal)
        {
            // Wait for as much of the line as the error shows, however the body is cut into pieces.
            Drop(end);
            _readAgainAt = _length + 1;
            return true;
        }

        Refuse(reason, message, lineEnd < 0 ? line : line[..lineEnd], start);
        _index++;
        return !SkipToObject(start);
    }

    /// <summary>Drops what stands before the next line that begins with an object. False: no such line has come yet.</summary>
    private bool SkipToObject(int from)
    {
        for (var at = from; ;)
        {
            var newline = _buffer.AsSpan(0, _length)[at..].IndexOf((byte)'\n');
            if (newline < 0)
            {
                Drop(_length);
                break;
            }

            var afterNewline = at + newline + 1;
            var indent = _buffer.AsSpan(0, _length)[afterNewline..].IndexOfAnyExcept(" \t\r"u8);
            if (indent < 0)
            {
                Drop(at + newline);
                break;
            }

            at = afterNewline + indent;
            if (_buffer[at] == '{')
            {
                Drop(at);
                _state = new JsonReaderState(Options);
                _stateLine = _line;
                _skipping = false;
                return true;
            }
        }

        _skipping = true;
        _readAgainAt = 0;
        return false;
    }

    /// <summary>Reads an array's bracket or an element. False: what there is of the next one is incomplete, or reading has ended.</summary>
    private bool TryReadElement(ref Utf8JsonReader reader, ReadOnlySpan<byte> buffer, int end)
    {
        if (!reader.Read())
        {
            return false;
        }

        var at = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray when !_inArray:
                _inArray = true;
                return true;
            case JsonTokenType.EndArray:
                _inArray = false;
                return true;
            case JsonTokenType.StartObject:
                var point = default(JsonPointReader);
                if (!point.TryRead(ref reader) || IsTooLong(ref reader, end))
                {
                    return false;
                }

                Take(buffer, point, buffer[at..(int)reader.BytesConsumed], at);
                break;
            default:
                if (!reader.TrySkip() || IsTooLong(ref reader, end))
                {
                    return false;
                }

                Refuse(RejectReason.Malformed, "The element is not an object.", buffer[at..(int)reader.BytesConsumed], at);
                break;
        }

        _index++;
        return true;
    }

    private bool IsTooLong(ref Utf8JsonReader reader, int end) => reader.BytesConsumed - end > maxElementBytes;

    private void Take(ReadOnlySpan<byte> buffer, in JsonPointReader point, ReadOnlySpan<byte> element, int at)
    {
        var time = point.Timestamp ?? _sink.ReceivedAt;
        if (point.Error is not null)
        {
            Refuse(point.Reason, point.Error, element, at);
        }
        else if (point.Metric is not { } metric)
        {
            Refuse(RejectReason.EmptyName, "There is no metric.", element, at);
        }
        else if (point.Value is null && point.Text is null)
        {
            Refuse(RejectReason.InvalidValue, "There is no value.", element, at);
        }
        else if (point.Value is { } number && !double.IsFinite(number))
        {
            Refuse(RejectReason.NotFinite, RejectReason.NotFinite.Message(), element, at);
        }
        else if (time > _sink.Latest)
        {
            Refuse(RejectReason.TooFarAhead, RejectReason.TooFarAhead.Message(), element, at);
        }
        else if (Resolve(metric, point.Tags, buffer, out var reason, out var error) is not { } series)
        {
            Refuse(reason, error, element, at);
        }
        else if (_sink.Points.Check(series.Metric, point.Kind, point.Value ?? 0) is { } bad)
        {
            Refuse(bad, bad == RejectReason.KindConflict ? $"The metric is a {_sink.Points.KindOf(series.Metric)?.Name()}." : bad.Message(), element, at);
        }
        else if (point.Text is not { } text)
        {
            _sink.Points.Add(series, point.Kind, point.Value!.Value, time);
            _sink.Report.Accept(1);
        }
        else if ((point.Kind ?? _sink.Points.KindOf(series.Metric)) != MetricKind.Set)
        {
            Refuse(RejectReason.InvalidValue, JsonPointReader.NoNumber, element, at);
        }
        else if (!TryHash(buffer.Slice(text.At - 1, text.Length + 2), out var hash))
        {
            Refuse(RejectReason.InvalidValue, "The value is no valid text.", element, at);
        }
        else
        {
            _sink.Points.AddElement(series, hash, time);
            _sink.Report.Accept(1);
        }
    }

    /// <param name="quoted">A text with its quotes.</param>
    /// <param name="hash">The hash of what it says.</param>
    private static bool TryHash(ReadOnlySpan<byte> quoted, out ulong hash)
    {
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        hash = SetElement.Of(reader.ValueSpan);
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        var text = new byte[quoted.Length];
        var isValid = JsonText.TryUnescape(ref reader, text, out var length);
        hash = SetElement.Of(text.AsSpan(0, length));
        return isValid;
    }

    private SeriesEntry? Resolve(
        JsonElementRange metric, JsonElementRange tags, ReadOnlySpan<byte> buffer, out RejectReason reason, out string error)
    {
        reason = default;
        error = "";
        var rawTags = tags.Of(buffer);
        var key = cache.Key(RawFormat.Json, rawTags, cache.Hash(RawFormat.Json, rawTags), metric.Of(buffer));
        if (cache.Find(key) is { } known)
        {
            return known;
        }

        if (JsonSeries.Read(buffer.Slice(metric.At - 1, metric.Length + 2), rawTags, _parsed, out error) is { } bad)
        {
            reason = bad;
            return null;
        }

        if (!cache.TryAdd(key, _parsed, out var added, out reason))
        {
            error = reason.Message();
        }

        return added;
    }

    private void Refuse(RejectReason reason, string message, ReadOnlySpan<byte> element, int at) =>
        _sink.Report.Reject(reason, message, CountLines(at), _index, element);

    /// <summary>Ends the reading. What follows is kept only as far as it may be shown, and the error told when the body has ended.</summary>
    private void End(RejectReason reason, string message, int at)
    {
        _endReason = reason;
        _endMessage = message;
        Drop(at);
        _length = Math.Min(_length, MaxKeptAfterEnd);
    }

    /// <summary>Forgets the bytes before a place.</summary>
    private void Drop(int end)
    {
        CountLines(end);
        _lineCountedTo = 0;
        _buffer.AsSpan(end, _length - end).CopyTo(_buffer);
        _length -= end;
    }

    /// <summary>The line of a place in the buffer, which is not before the last one asked for.</summary>
    private long CountLines(int at)
    {
        _line += _buffer.AsSpan(_lineCountedTo, at - _lineCountedTo).Count((byte)'\n');
        _lineCountedTo = at;
        return _line;
    }
}
