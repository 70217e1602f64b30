using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansMetrics.Cli.Display;

/// <summary>Text that others wrote (names, tags, messages), made safe for a terminal and for one line.</summary>
internal static class PlainText
{
    /// <summary>The text with every control character (an escape sequence, a line break) replaced by a dot.</summary>
    public static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Create(text.Length, text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '·' : source[i];
            }
        }) : text;

    /// <summary>A table cell without markup.</summary>
    public static IRenderable Cell(string text) => new Text(Printable(text));

    /// <summary>Tags as <c>a=1,b=2</c> in the order of their names; a dash for none.</summary>
    public static string Tags(IReadOnlyDictionary<string, string> tags) =>
        tags.Count == 0 ? "-" : string.Join(',', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));

    /// <summary>A table in the tool's style.</summary>
    /// <param name="interactive">With lines and padding; otherwise columns only, for pipes and files.</param>
    /// <param name="columns">Headings; one that starts with <c>&gt;</c> is aligned right.</param>
    public static Table Table(bool interactive, params IEnumerable<string> columns)
    {
        var table = new Table { Border = interactive ? TableBorder.Rounded : TableBorder.None, UseSafeBorder = true };
        foreach (var column in columns)
        {
            var right = column.StartsWith('>');
            table.AddColumn(new TableColumn(new Text(Printable(right ? column[1..] : column)))
            {
                Alignment = right ? Justify.Right : Justify.Left,
                // On a narrow terminal the names give way: a number in two lines cannot be read.
                NoWrap = right || !interactive,
            });
        }
        return table;
    }
}
