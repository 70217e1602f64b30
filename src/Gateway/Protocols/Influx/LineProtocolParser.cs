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
    private readonly LineReader _line = new();
    private readonly ParsedSeries _parsed = new();
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
        _precision = precision;
        _lineNumber = 1;
        _carryLength = 0;
        _carryTotal = 0;
        _carryLineFeeds = 0;
        _scanner = default;
    }

    /// <inheritdoc/>
    public bool Append(ReadOnlySpan<byte> piece)
    {
        if (_carryTotal > 0)
        {
            var end = _scanner.Scan(piece);
            Carry(end < 0 ? piece : piece[..(end + 1)]);
            if (end < 0)
            {
                return true;
            }

            ReadCarry();
            piece = piece[(end + 1)..];
        }

        var lines = piece[..(piece.LastIndexOf((byte)'\n') + 1)];
        while (!lines.IsEmpty && ReadLine(lines, whole: false) is > 0 and var length)
        {
            lines = lines[length..];
            piece = piece[length..];
        }

        if (!piece.IsEmpty)
        {
            _scanner = default;
            _scanner.Scan(piece);
            Carry(piece);
        }

        return true;
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
            ReadLine(line, whole: true);
        }
        else
        {
            if (!IsComment(line))
            {
                Refuse(RejectReason.LineTooLong, line);
            }

            _lineNumber += _carryLineFeeds;
        }

        _carryLength = 0;
        _carryTotal = 0;
        _carryLineFeeds = 0;
    }

    /// <summary>Reads the line at the start of the text, which ends with a line feed.</summary>
    /// <param name="text">Lines.</param>
    /// <param name="whole">The text is one line, even if a quoted string in it does not end.</param>
    /// <returns>The length of the line; 0 when its end is not in the text.</returns>
    private int ReadLine(ReadOnlySpan<byte> text, bool whole)
    {
        var skipped = 0;
        if (text[0] <= '#')
        {
            skipped = text.IndexOfAnyExcept((byte)' ');
            if (text[skipped] is (byte)'#' or (byte)'\n' || text[skipped..].StartsWith("\r\n"u8))
            {
                return SkipLine(text, text[skipped] == '#');
            }
        }

        var length = _line.Read(text[skipped..]);
        var refused = length < 0;
        if (refused)
        {
            // The end of a bad line is where any line would end; see LineEndScanner.
            var end = default(LineEndScanner).Scan(text);
            if (end < 0 && !whole)
            {
                return 0;
            }

            length = end < 0 ? text.Length : end + 1;
        }
        else
        {
            length += skipped;
        }

        var line = text[..(length - 1)];
        if (line.Length > maxLineBytes)
        {
            Refuse(RejectReason.LineTooLong, line);
        }
        else if (refused)
        {
            _sink.Report.Reject(_line.Reason, _line.Message, _lineNumber, null, line);
        }
        else
        {
            Take(line, line[skipped..]);
        }

        _lineNumber += refused || _line.IgnoredFields > 0 ? 1 + line.Count((byte)'\n') : 1;
        return length;
    }

    private int SkipLine(ReadOnlySpan<byte> text, bool isComment)
    {
        var length = text.IndexOf((byte)'\n') + 1;
        if (!isComment && length - 1 > maxLineBytes)
        {
            Refuse(RejectReason.LineTooLong, text[..(length - 1)]);
        }

        _lineNumber++;
        return length;
    }

    private static bool IsComment(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept((byte)' ') is >= 0 and var at && line[at] == '#';

    /// <summary>Puts the points of a line of good grammar where they belong.</summary>
    /// <param name="shown">The line as it is shown.</param>
    /// <param name="line">The line from its first character on.</param>
    private void Take(ReadOnlySpan<byte> shown, ReadOnlySpan<byte> line)
    {
        var time = _sink.ReceivedAt;
        if (_line.Timestamp is { } timestamp && !_precision.TryToMilliseconds(timestamp, out time))
        {
            Refuse(RejectReason.InvalidTimestamp, shown);
            return;
        }

        if (Resolve(line) is { } error)
        {
            _sink.Report.Reject(RejectReason.Malformed, error, _lineNumber, null, shown);
            return;
        }

        _sink.Report.Ignore(_line.IgnoredFields);
        foreach (ref var field in _line.Fields)
        {
            var refused = field.Refused ?? (time > _sink.Latest ? RejectReason.TooFarAhead : null);
            if (refused is { } reason)
            {
                _sink.Report.Reject(reason, reason.Message(), _lineNumber, null, shown, field.Name(line));
            }
            else
            {
                _sink.Points.Add(field.Series!, field.Value, time);
                _sink.Report.Accept(1);
            }
        }
    }

    /// <summary>Finds the series of every field that has a value. Null, or what is wrong with the grammar of the series.</summary>
    private string? Resolve(ReadOnlySpan<byte> line)
    {
        var series = line[.._line.SeriesLength];
        var hash = cache.Hash(RawFormat.LineProtocol, series);
        var known = false;
        foreach (ref var field in _line.Fields)
        {
            if (field.Refused is null)
            {
                var key = cache.Key(RawFormat.LineProtocol, series, hash, field.Name(line));
                field.Series = cache.Find(key);
                if (field.Series is null && Add(key, ref field) is { } error)
                {
                    return error;
                }

                known = true;
            }
        }

        return known ? null : LineSeries.Read(series, [], _parsed);
    }

    private string? Add(in RawSeriesKey key, ref LineField field)
    {
        var error = LineSeries.Read(key.Series, key.Field, _parsed);
        if (error is null && !cache.TryAdd(key, _parsed, out field.Series, out var reason))
        {
            field.Refused = reason;
        }

        return error;
    }

    private void Refuse(RejectReason reason, ReadOnlySpan<byte> line) =>
        _sink.Report.Reject(reason, reason.Message(), _lineNumber, null, line);
}
