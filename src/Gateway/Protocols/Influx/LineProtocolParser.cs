using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>
/// Influx line protocol, versions 1 and 2, as a stream of pieces: lines are read where they lie, only a line that goes over the end of a
/// piece is copied. A point of a known series costs no allocation.
/// </summary>
/// <remarks>
/// As in InfluxDB a line with an error of grammar, timestamp included, is refused whole and counts as one point. A field whose value cannot
/// be taken (NaN, infinite, an integer beyond 64 bits) or whose series breaks a limit is refused by itself. Field <c>value</c> is the metric
/// of the measurement's name, any other the metric <c>measurement_field</c>; booleans are 1 and 0; string fields are counted and left out.
/// </remarks>
public sealed class LineProtocolParser(SeriesCache cache, int maxLineBytes) : IPointParser
{
    private const int FieldsAtOnce = 32;
    private readonly LineReader _line = new();
    private readonly LineHeader[] _lines = new LineHeader[FieldsAtOnce];
    private readonly ParsedSeries _parsed = new();
    private int _lineCount;
    private PointSink _sink;
    private TimestampPrecision _precision;
    private long _lineNumber;
    private LineEndScanner _scanner;
    private byte[] _carry = [];
    private int _carryLength;
    private long _carryTotal;
    private int _carryLineFeeds;

    /// <summary>Begins a body.</summary>
    public void Begin(in PointSink sink, TimestampPrecision precision)
    {
        _sink = sink;
        _lineCount = 0;
        _line.Fields.Truncate(0);
        _precision = precision;
        _lineNumber = 1;
        _carryLength = 0;
        _carryTotal = 0;
        _carryLineFeeds = 0;
        _scanner = default;
    }

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<byte> piece)
    {
        if (_carryTotal > 0)
        {
            var end = _scanner.Scan(piece);
            Carry(end < 0 ? piece : piece[..(end + 1)]);
            if (end < 0)
            {
                return;
            }

            ReadCarry();
            piece = piece[(end + 1)..];
        }

        piece = piece[ReadLines(piece[..(piece.LastIndexOf((byte)'\n') + 1)], whole: false)..];
        if (!piece.IsEmpty)
        {
            _scanner = default;
            _scanner.Scan(piece);
            Carry(piece);
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        if (_carryTotal == 0)
        {
            return;
        }

        Carry("\n"u8);
        ReadCarry();
    }

    private void Carry(ReadOnlySpan<byte> piece)
    {
        // Of a line that is too long only the beginning is kept, to be shown.
        var kept = piece[..Math.Min(piece.Length, maxLineBytes + 1 - _carryLength)];
        if (_carryLength + kept.Length > _carry.Length)
        {
            Array.Resize(ref _carry, Math.Max(_carryLength + kept.Length, Math.Min(_carry.Length * 2, maxLineBytes + 1)));
        }

        kept.CopyTo(_carry.AsSpan(_carryLength));
        _carryLength += kept.Length;
        _carryTotal += piece.Length;
        _carryLineFeeds += piece.Count((byte)'\n');
    }

    private void ReadCarry()
    {
        ReadOnlySpan<byte> line = _carry.AsSpan(0, _carryLength);
        if (_carryTotal <= _carryLength)
        {
            ReadLines(line, whole: true);
        }
        else
        {
            if (!IsComment(line))
            {
                _sink.Report.Reject(RejectReason.LineTooLong, RejectReason.LineTooLong.Message(), _lineNumber, null, line);
            }

            _lineNumber += _carryLineFeeds;
        }

        _carryLength = 0;
        _carryTotal = 0;
        _carryLineFeeds = 0;
    }

    /// <summary>Reads lines and takes their points.</summary>
    /// <param name="text">Lines; the last byte is a line feed.</param>
    /// <param name="whole">The text is one line, even if a quoted string in it does not end.</param>
    /// <returns>Where the first line begins whose end is not in the text, or the length of the text.</returns>
    private int ReadLines(ReadOnlySpan<byte> text, bool whole)
    {
        var at = 0;
        while (at < text.Length)
        {
            var next = ReadLine(text, at, whole);
            if (next == at)
            {
                break;
            }

            at = next;
            if (_lineCount == _lines.Length || _line.Fields.Count >= FieldsAtOnce)
            {
                TakeLines(text);
            }
        }

        TakeLines(text);
        return at;
    }

    /// <summary>Where the next line begins; the same place when the line's end is not in the text.</summary>
    private int ReadLine(ReadOnlySpan<byte> text, int at, bool whole)
    {
        var start = at;
        if (text[at] <= '#')
        {
            start += text[at..].IndexOfAnyExcept((byte)' ');
            if (text[start] is (byte)'#' or (byte)'\n' || text[start..].StartsWith("\r\n"u8))
            {
                return SkipLine(text, at, text[start] == '#');
            }
        }

        var firstField = _line.Fields.Count;
        var next = _line.Read(text, start);
        if (next < 0)
        {
            _line.Fields.Truncate(firstField);
            return RefuseLine(text, at, whole);
        }

        var time = _sink.ReceivedAt;
        var length = next - at - 1;
        if (length > maxLineBytes || (_line.HasTimestamp && !_precision.TryToMilliseconds(_line.Timestamp, out time)))
        {
            _line.Fields.Truncate(firstField);
            Refuse(text, at, length, length > maxLineBytes ? RejectReason.LineTooLong : RejectReason.InvalidTimestamp);
        }
        else
        {
            ref var line = ref _lines[_lineCount++];
            line.At = at;
            line.Length = length;
            line.SeriesAt = start;
            line.SeriesLength = _line.SeriesLength;
            line.FirstField = firstField;
            line.EndField = _line.Fields.Count;
            line.IgnoredFields = _line.IgnoredFields;
            line.Number = _lineNumber;
            line.Time = time;
            PrepareLookups(text, line);
        }

        // Only a quoted string can hold a line feed.
        _lineNumber += _line.IgnoredFields == 0 ? 1 : 1 + text.Slice(at, length).Count((byte)'\n');
        return next;
    }

    /// <summary>The end of a bad line is where any line would end; see <see cref="LineEndScanner"/>.</summary>
    private int RefuseLine(ReadOnlySpan<byte> text, int at, bool whole)
    {
        var length = default(LineEndScanner).Scan(text[at..]);
        if (length < 0)
        {
            if (!whole)
            {
                return at;
            }

            length = text.Length - at - 1;
        }

        var tooLong = length > maxLineBytes;
        Refuse(text, at, length, tooLong ? RejectReason.LineTooLong : _line.Reason, tooLong ? null : _line.Message);
        _lineNumber += 1 + text.Slice(at, length).Count((byte)'\n');
        return at + length + 1;
    }

    private int SkipLine(ReadOnlySpan<byte> text, int at, bool isComment)
    {
        var length = text[at..].IndexOf((byte)'\n');
        if (!isComment && length > maxLineBytes)
        {
            Refuse(text, at, length, RejectReason.LineTooLong);
        }

        _lineNumber++;
        return at + length + 1;
    }

    private static bool IsComment(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept((byte)' ') is >= 0 and var at && line[at] == '#';

    private void Refuse(ReadOnlySpan<byte> text, int at, int length, RejectReason reason, string? message = null)
    {
        // Errors are listed in the order of the lines.
        TakeLines(text);
        _sink.Report.Reject(reason, message ?? reason.Message(), _lineNumber, null, text.Slice(at, length));
    }

    private void PrepareLookups(ReadOnlySpan<byte> text, in LineHeader line)
    {
        var hash = cache.Hash(RawFormat.LineProtocol, text.Slice(line.SeriesAt, line.SeriesLength));
        foreach (ref var lookup in _line.Fields.Lookups[line.FirstField..])
        {
            lookup.SeriesAt = line.SeriesAt;
            lookup.SeriesLength = line.SeriesLength;
            lookup.Hash = cache.Hash(hash, text.Slice(lookup.FieldAt, lookup.FieldLength));
        }
    }

    /// <summary>Puts the points of the staged lines where they belong.</summary>
    private void TakeLines(ReadOnlySpan<byte> text)
    {
        if (_lineCount == 0)
        {
            return;
        }

        var lookups = _line.Fields.Lookups;
        var values = _line.Fields.Values;
        var refused = _line.Fields.Refused;
        var points = _sink.Points;
        var taken = 0;
        cache.Find(RawFormat.LineProtocol, text, lookups);
        foreach (ref readonly var line in _lines.AsSpan(0, _lineCount))
        {
            var field = line.FirstField;
            if (line.EndField == field + 1 && lookups[field].Entry is { } series && refused[field] is null && line.Time <= _sink.Latest
                && (values[field] >= 0 || points.Check(series.Metric, null, values[field]) is null))
            {
                points.Add(series, values[field], line.Time);
                _sink.Report.Ignore(line.IgnoredFields);
                taken++;
            }
            else
            {
                TakeLine(text, line);
            }
        }

        _sink.Report.Accept(taken);
        _lineCount = 0;
        _line.Fields.Truncate(0);
    }

    private void TakeLine(ReadOnlySpan<byte> text, in LineHeader line)
    {
        var shown = text.Slice(line.At, line.Length);
        if (Resolve(text, line) is { } error)
        {
            _sink.Report.Reject(RejectReason.Malformed, error, line.Number, null, shown);
        }
        else
        {
            Take(text, line, shown);
        }
    }

    /// <summary>Adds the series that the cache does not have. Null, or what is wrong with the grammar of the series.</summary>
    private string? Resolve(ReadOnlySpan<byte> text, in LineHeader line)
    {
        var lookups = _line.Fields.Lookups;
        var refused = _line.Fields.Refused;
        var known = false;
        for (var i = line.FirstField; i < line.EndField; i++)
        {
            if (lookups[i].Entry is null && refused[i] is null)
            {
                var key = lookups[i].Key(RawFormat.LineProtocol, text);
                if (LineSeries.Read(key.Series, key.Field, _parsed) is { } error)
                {
                    return error;
                }

                if (cache.TryAdd(key, _parsed, out var entry, out var reason))
                {
                    lookups[i].Entry = entry;
                }
                else
                {
                    refused[i] = reason;
                }

                known = true;
            }

            known |= lookups[i].Entry is not null;
        }

        return known ? null : LineSeries.Read(text.Slice(line.SeriesAt, line.SeriesLength), [], _parsed);
    }

    private void Take(ReadOnlySpan<byte> text, in LineHeader line, ReadOnlySpan<byte> shown)
    {
        var tooFarAhead = line.Time > _sink.Latest;
        var values = _line.Fields.Values;
        var refused = _line.Fields.Refused;
        var lookups = _line.Fields.Lookups;
        var taken = 0;
        for (var i = line.FirstField; i < line.EndField; i++)
        {
            if (refused[i] is null && !tooFarAhead && _sink.Points.Check(lookups[i].Entry!.Metric, null, values[i]) is { } bad)
            {
                refused[i] = bad;
            }

            if (refused[i] is null && !tooFarAhead)
            {
                _sink.Points.Add(lookups[i].Entry!, values[i], line.Time);
                taken++;
            }
            else
            {
                var reason = refused[i] ?? RejectReason.TooFarAhead;
                _sink.Report.Reject(
                    reason, reason.Message(), line.Number, null, shown, text.Slice(lookups[i].FieldAt, lookups[i].FieldLength));
            }
        }

        _sink.Report.Accept(taken);
        _sink.Report.Ignore(line.IgnoredFields);
    }
}
