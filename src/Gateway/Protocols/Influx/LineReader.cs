using System.Globalization;
using System.Text;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>
/// Reads one line by the grammar of InfluxDB's line protocol, in one pass: where the series ends, the fields, the timestamp.
/// Resolves nothing. (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/)
/// </summary>
internal sealed class LineReader
{
    private const int MaxTimestampDigits = 19;
    private LineField[] _fields = new LineField[8];
    private int _fieldCount;

    /// <summary>The fields with a value that counts.</summary>
    public Span<LineField> Fields => _fields.AsSpan(0, _fieldCount);

    /// <summary>String fields.</summary>
    public int IgnoredFields { get; private set; }

    /// <summary>Length of measurement and tags at the start of the line.</summary>
    public int SeriesLength { get; private set; }

    /// <summary>The timestamp as written, or null.</summary>
    public long? Timestamp { get; private set; }

    /// <summary>Why the line is refused, when <see cref="Read"/> has answered −1.</summary>
    public RejectReason Reason { get; private set; }

    /// <summary>The same in words.</summary>
    public string Message { get; private set; } = "";

    /// <summary>Reads the line at the start of the text. It begins with neither space nor number sign.</summary>
    /// <param name="text">Lines; the last byte is a line feed.</param>
    /// <returns>The length of the line with its line feed; −1 when it is refused, or its end is not in the text.</returns>
    public int Read(ReadOnlySpan<byte> text)
    {
        _fieldCount = 0;
        IgnoredFields = 0;
        Timestamp = null;
        var at = EndOfSeries(text);
        if (text[at] != ' ')
        {
            return Refuse(RejectReason.Malformed, "There are no fields after measurement and tags.");
        }

        SeriesLength = at;
        at = ReadField(text, SkipSpaces(text, at + 1));
        while (at >= 0 && text[at] == ',')
        {
            at = ReadField(text, at + 1);
        }

        if (at < 0)
        {
            return at;
        }

        if (text[at] == ' ')
        {
            at = ReadTimestamp(text, SkipSpaces(text, at + 1));
            if (at < 0)
            {
                return at;
            }
        }

        return EndOfLine(text, at);
    }

    private static int EndOfSeries(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOfAny((byte)' ', (byte)'\n');
        while (text[at] == ' ' && at > 0 && text[at - 1] == '\\')
        {
            at += 1 + text[(at + 1)..].IndexOfAny((byte)' ', (byte)'\n');
        }

        return at;
    }

    private static int SkipSpaces(ReadOnlySpan<byte> text, int at)
    {
        while (text[at] == ' ')
        {
            at++;
        }

        return at;
    }

    /// <summary>The place of the first byte after the field, or −1.</summary>
    private int ReadField(ReadOnlySpan<byte> text, int nameAt)
    {
        var nameEnd = EndOfFieldName(text, nameAt);
        if (nameEnd <= nameAt)
        {
            return Refuse(RejectReason.Malformed, "A field is not of the form name=value.");
        }

        var value = text[(nameEnd + 1)..];
        int length;
        if (value[0] == '"')
        {
            length = StringLength(value);
            if (length < 0)
            {
                return Refuse(RejectReason.Malformed, "A quoted string has no end.");
            }

            IgnoredFields++;
        }
        else
        {
            ref var field = ref NextField();
            field.NameAt = nameAt;
            field.NameLength = nameEnd - nameAt;
            length = ReadValue(value, ref field);
        }

        return length > 0 && value[length] is (byte)',' or (byte)' ' or (byte)'\n' or (byte)'\r'
            ? nameEnd + 1 + length
            : Refuse(RejectReason.InvalidValue, "A field's value is no number, boolean or quoted string.");
    }

    private ref LineField NextField()
    {
        if (_fieldCount == _fields.Length)
        {
            Array.Resize(ref _fields, _fields.Length * 2);
        }

        return ref _fields[_fieldCount++];
    }

    /// <summary>The place of the unescaped equals sign, or −1 if something else ends the name.</summary>
    private static int EndOfFieldName(ReadOnlySpan<byte> text, int at)
    {
        for (; ; at++)
        {
            switch (text[at])
            {
                case (byte)'=' when text[at - 1] != '\\':
                    return at;
                case (byte)',' or (byte)' ' when text[at - 1] != '\\':
                case (byte)'\n':
                    return -1;
            }
        }
    }

    /// <summary>The length of a quoted string with its quotes, or −1 if it does not end.</summary>
    private static int StringLength(ReadOnlySpan<byte> text)
    {
        for (var at = 1; at < text.Length;)
        {
            var found = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (found < 0)
            {
                return -1;
            }

            at += found;
            if (text[at] == '"')
            {
                return at + 1;
            }

            at += 2;
        }

        return -1;
    }

    /// <summary>The length of the value, or 0 if it is none.</summary>
    private static int ReadValue(ReadOnlySpan<byte> text, ref LineField field)
    {
        field.Refused = null;
        var length = NumberReader.Read(text, out field.Value, out var isInteger);
        if (length == 0)
        {
            return ReadWord(text, ref field);
        }

        if (isInteger && text[length] is (byte)'i' or (byte)'u')
        {
            if (!IsInRange(text[..length], text[length] == 'u', field.Value))
            {
                field.Refused = RejectReason.InvalidValue;
            }

            return length + 1;
        }

        if (!double.IsFinite(field.Value))
        {
            field.Refused = RejectReason.NotFinite;
        }

        return length;
    }

    /// <summary>Whether digits fit 64 bits. Only those next to a bound are read again.</summary>
    private static bool IsInRange(ReadOnlySpan<byte> digits, bool unsigned, double value) =>
        (Math.Abs(value) < long.MaxValue / 2 && (!unsigned || value >= 0))
        || (unsigned
            ? ulong.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));

    private static int ReadWord(ReadOnlySpan<byte> text, ref LineField field)
    {
        var word = text[..text.IndexOfAny(", \r\n"u8)];
        switch (word)
        {
            case [(byte)'t' or (byte)'T']:
                field.Value = 1;
                return 1;
            case [(byte)'f' or (byte)'F']:
                field.Value = 0;
                return 1;
        }

        if (word.SequenceEqual("true"u8) || word.SequenceEqual("True"u8) || word.SequenceEqual("TRUE"u8))
        {
            field.Value = 1;
            return word.Length;
        }

        if (word.SequenceEqual("false"u8) || word.SequenceEqual("False"u8) || word.SequenceEqual("FALSE"u8))
        {
            field.Value = 0;
            return word.Length;
        }

        var unsigned = word is [(byte)'+' or (byte)'-', ..] ? word[1..] : word;
        if (Ascii.EqualsIgnoreCase(unsigned, "nan"u8) || Ascii.EqualsIgnoreCase(unsigned, "inf"u8)
            || Ascii.EqualsIgnoreCase(unsigned, "infinity"u8))
        {
            field.Refused = RejectReason.NotFinite;
            return word.Length;
        }

        return 0;
    }

    /// <summary>The place of the first byte after the timestamp and the spaces that follow it, or −1.</summary>
    private int ReadTimestamp(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] is (byte)'\n' or (byte)'\r')
        {
            return at;
        }

        var negative = text[at] == '-';
        var first = negative ? at + 1 : at;
        ulong magnitude = 0;
        for (at = first; (uint)(text[at] - '0') <= 9 && at - first < MaxTimestampDigits; at++)
        {
            magnitude = (magnitude * 10) + (uint)(text[at] - '0');
        }

        if (at == first || magnitude > long.MaxValue || text[at] is not ((byte)' ' or (byte)'\n' or (byte)'\r'))
        {
            return Refuse(RejectReason.InvalidTimestamp, "The timestamp is no integer of 64 bits.");
        }

        Timestamp = negative ? -(long)magnitude : (long)magnitude;
        return SkipSpaces(text, at);
    }

    private int EndOfLine(ReadOnlySpan<byte> text, int at)
    {
        if (text[at] == '\r')
        {
            at++;
        }

        return text[at] == '\n' ? at + 1 : Refuse(RejectReason.Malformed, "There is text after the timestamp.");
    }

    private int Refuse(RejectReason reason, string message)
    {
        Reason = reason;
        Message = message;
        return -1;
    }
}
