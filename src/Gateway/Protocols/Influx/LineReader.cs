using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
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

    /// <summary>The fields of the lines read so far.</summary>
    public LineFields Fields { get; } = new();

    /// <summary>String fields of the line.</summary>
    public int IgnoredFields { get; private set; }

    /// <summary>Length of measurement and tags at the start of the line.</summary>
    public int SeriesLength { get; private set; }

    /// <summary>Whether the line has a timestamp.</summary>
    public bool HasTimestamp { get; private set; }

    /// <summary>The timestamp as written.</summary>
    public long Timestamp { get; private set; }

    /// <summary>Why the line is refused, when <see cref="Read"/> has answered −1.</summary>
    public RejectReason Reason { get; private set; }

    /// <summary>The same in words.</summary>
    public string Message { get; private set; } = "";

    /// <summary>Reads the line that begins at a place of the text, with neither space nor number sign.</summary>
    /// <param name="text">Lines; the last byte is a line feed.</param>
    /// <param name="start">Where the line begins.</param>
    /// <returns>Where the next line begins; −1 when the line is refused, or its end is not in the text.</returns>
    public int Read(ReadOnlySpan<byte> text, int start)
    {
        IgnoredFields = 0;
        HasTimestamp = false;
        var at = EndOfSeries(text, start);
        if (text[at] != ' ')
        {
            return Refuse(RejectReason.Malformed, "There are no fields after measurement and tags.");
        }

        SeriesLength = at - start;
        at = ReadField(text, SkipSpaces(text, at + 1));
        while (at >= 0 && text[at] == ',')
        {
            at = ReadField(text, at + 1);
        }

        if (at >= 0 && text[at] == ' ')
        {
            at = ReadTimestamp(text, SkipSpaces(text, at + 1));
        }

        return at < 0 ? at : EndOfLine(text, at);
    }

    private static int EndOfSeries(ReadOnlySpan<byte> text, int start)
    {
        var at = start + text[start..].IndexOfAny((byte)' ', (byte)'\n');
        while (text[at] == ' ' && at > start && text[at - 1] == '\\')
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
            length = ReadValue(value, out var number, out var refused);
            Fields.Add(nameAt, nameEnd - nameAt, number, refused);
        }

        return length > 0 && value[length] is (byte)',' or (byte)' ' or (byte)'\n' or (byte)'\r'
            ? nameEnd + 1 + length
            : Refuse(RejectReason.InvalidValue, "A field's value is no number, boolean or quoted string.");
    }

    /// <summary>The place of the unescaped equals sign, or −1 if something else ends the name.</summary>
    private static int EndOfFieldName(ReadOnlySpan<byte> text, int at)
    {
        for (; ; at++)
        {
            // All that can end a name comes before the letters.
            var b = text[at];
            if (b > '=')
            {
                continue;
            }

            if (b == '\n')
            {
                return -1;
            }

            if (b is (byte)'=' or (byte)',' or (byte)' ' && text[at - 1] != '\\')
            {
                return b == '=' ? at : -1;
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
    private static int ReadValue(ReadOnlySpan<byte> text, out double value, out RejectReason? refused)
    {
        refused = null;
        var length = NumberReader.Read(text, out value, out var isInteger);
        if (length == 0)
        {
            return ReadWord(text, out value, out refused);
        }

        if (isInteger && text[length] is (byte)'i' or (byte)'u')
        {
            if (!IsInRange(text[..length], text[length] == 'u', value))
            {
                refused = RejectReason.InvalidValue;
            }

            return length + 1;
        }

        if (!double.IsFinite(value))
        {
            refused = RejectReason.NotFinite;
        }

        return length;
    }

    /// <summary>Whether digits fit 64 bits. Only those next to a bound are read again.</summary>
    private static bool IsInRange(ReadOnlySpan<byte> digits, bool unsigned, double value) =>
        (Math.Abs(value) < long.MaxValue / 2 && (!unsigned || value >= 0))
        || (unsigned
            ? ulong.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));

    private static int ReadWord(ReadOnlySpan<byte> text, out double value, out RejectReason? refused)
    {
        value = 0;
        refused = null;
        var word = text[..text.IndexOfAny(", \r\n"u8)];
        switch (word)
        {
            case [(byte)'t' or (byte)'T']:
                value = 1;
                return 1;
            case [(byte)'f' or (byte)'F']:
                return 1;
        }

        if (word.SequenceEqual("true"u8) || word.SequenceEqual("True"u8) || word.SequenceEqual("TRUE"u8))
        {
            value = 1;
            return word.Length;
        }

        if (word.SequenceEqual("false"u8) || word.SequenceEqual("False"u8) || word.SequenceEqual("FALSE"u8))
        {
            return word.Length;
        }

        var unsigned = word is [(byte)'+' or (byte)'-', ..] ? word[1..] : word;
        if (Ascii.EqualsIgnoreCase(unsigned, "nan"u8) || Ascii.EqualsIgnoreCase(unsigned, "inf"u8)
            || Ascii.EqualsIgnoreCase(unsigned, "infinity"u8))
        {
            refused = RejectReason.NotFinite;
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
        at = first;
        while (at - first < 16 && TryReadEightDigits(text[at..], out var eight))
        {
            magnitude = (magnitude * 100_000_000) + eight;
            at += 8;
        }

        for (; (uint)(text[at] - '0') <= 9 && at - first < MaxTimestampDigits; at++)
        {
            magnitude = (magnitude * 10) + (uint)(text[at] - '0');
        }

        if (at == first || magnitude > long.MaxValue || text[at] is not ((byte)' ' or (byte)'\n' or (byte)'\r'))
        {
            return Refuse(RejectReason.InvalidTimestamp, "The timestamp is no integer of 64 bits.");
        }

        HasTimestamp = true;
        Timestamp = negative ? -(long)magnitude : (long)magnitude;
        return SkipSpaces(text, at);
    }

    /// <summary>Eight digits at once, in three multiplications (Langdale, Lemire: "Fast numeric string to int").</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadEightDigits(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        if (!BinaryPrimitives.TryReadUInt64LittleEndian(text, out var word))
        {
            return false;
        }

        word -= 0x3030_3030_3030_3030;
        if (((word | (word + 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080) != 0)
        {
            return false;
        }

        word = (word * 10) + (word >> 8);
        value = (uint)((((word & 0x0000_00FF_0000_00FF) * 0x000F_4240_0000_0064)
            + (((word >> 16) & 0x0000_00FF_0000_00FF) * 0x0000_2710_0000_0001)) >> 32);
        return true;
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
