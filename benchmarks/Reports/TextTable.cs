using System.Text;

namespace OrleansMetrics.Benchmarks.Reports;

/// <summary>A table in Markdown, padded so that it can be read as it is.</summary>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row; a missing cell is empty, one without a heading is left out.</summary>
    public void Add(params string[] cells) => _rows.Add([.. Enumerable.Range(0, headings.Length).Select(column => cells.ElementAtOrDefault(column) ?? "")]);

    /// <inheritdoc/>
    public override string ToString()
    {
        int[] widths = [.. Enumerable.Range(0, headings.Length).Select(column => _rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (var (number, row) in _rows.Index())
        {
            text.Append("| ").AppendJoin(" | ", row.Select((cell, column) => cell.PadRight(widths[column]))).Append(" |\n");
            if (number == 0)
            {
                text.Append('|').AppendJoin('|', widths.Select(static width => new string('-', width + 2))).Append("|\n");
            }
        }
        return text.ToString();
    }
}
