using System.Globalization;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using OrleansMetrics.Cli.Export;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Cli.Csv;

/// <summary>Writes windows as CSV with a header (RFC 4180), a record for each line of JSON.</summary>
internal sealed class CsvOutput : IWindowsOutput
{
    private readonly TextWriter _output;
    private readonly string[] _fields;
    private bool _hasHeader;

    /// <param name="output">Where to.</param>
    /// <param name="fields">Names of the fields; windows that lack one have it empty.</param>
    public CsvOutput(TextWriter output, string[] fields) => (_output, _fields) = (output, fields);

    /// <inheritdoc />
    public async Task WriteAsync(string lines, CancellationToken cancellationToken)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        await using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture)))
        {
            if (!_hasHeader)
            {
                _hasHeader = true;
                await WriteRecordAsync(csv, _fields);
            }

            foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var window = JsonDocument.Parse(line);
                await WriteRecordAsync(csv, _fields.Select(field => TextOf(window.RootElement, field)));
            }
        }

        await _output.WriteAsync(text.ToString().AsMemory(), cancellationToken);
    }

    private static async Task WriteRecordAsync(CsvWriter csv, IEnumerable<string> fields)
    {
        foreach (var field in fields)
        {
            csv.WriteField(field);
        }

        await csv.NextRecordAsync();
    }

    private static string TextOf(JsonElement window, string field)
    {
        if (!window.TryGetProperty(field == WindowFields.Series ? "tags" : field, out var value))
        {
            return "";
        }

        return field switch
        {
            WindowFields.Series => SeriesText.Write(value.EnumerateObject().Select(static tag => (tag.Name, tag.Value.GetString()!))),
            WindowFields.Values => string.Join(' ', value.EnumerateArray().Select(static number => number.GetRawText())),
            _ => value.ValueKind switch { JsonValueKind.Null => "", JsonValueKind.String => value.GetString()!, _ => value.GetRawText() },
        };
    }
}
