namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>
/// Finds where a line ends, over pieces: at the first line feed outside a quoted string. A quote opens a string only right after an
/// unescaped <c>=</c> that follows the series, so that a stray quote does not swallow the lines after it.
/// </summary>
/// <remarks>This is the definition of a line, for good and bad ones; <see cref="LineReader"/> ends good lines at the same place.</remarks>
internal struct LineEndScanner
{
    private Section _section;
    private byte _previous;

    private enum Section : byte
    {
        Start,
        Comment,
        Series,
        Fields,
        Value,
        Quoted,
        QuotedEscape,
    }

    /// <summary>The place of the line feed that ends the line, or −1 when the line goes on after the piece.</summary>
    public int Scan(ReadOnlySpan<byte> piece)
    {
        var section = _section;
        var previous = _previous;
        for (var i = 0; i < piece.Length; i++)
        {
            var b = piece[i];
            if (b == '\n' && section is not (Section.Quoted or Section.QuotedEscape))
            {
                return i;
            }

            section = Next(section, previous, b);
            previous = b;
        }

        _section = section;
        _previous = previous;
        return -1;
    }

    private static Section Next(Section section, byte previous, byte b) => section switch
    {
        Section.Start => b switch
        {
            (byte)' ' => Section.Start,
            (byte)'#' => Section.Comment,
            _ => Section.Series,
        },
        Section.Series => b == ' ' && previous != '\\' ? Section.Fields : Section.Series,
        Section.Value when b == '"' => Section.Quoted,
        Section.Fields or Section.Value => b == '=' && previous != '\\' ? Section.Value : Section.Fields,
        Section.Quoted => b switch
        {
            (byte)'"' => Section.Fields,
            (byte)'\\' => Section.QuotedEscape,
            _ => Section.Quoted,
        },
        Section.QuotedEscape => Section.Quoted,
        _ => section,
    };
}
