using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Cli.Csv;

/// <summary>Reads windows from CSV with a header (RFC 4180), as the lines of JSON that a node takes. Fields that are not known are passed over.</summary>
internal static class CsvWindows
{
    private static readonly CsvConfiguration Header = new(CultureInfo.InvariantCulture) { BadDataFound = null };

    /// <summary>The names of the fields, when a line is the header of windows; else null.</summary>
    public static string[]? TryReadHeader(string line)
    {
        using var text = new StringReader(line);
        using var parser = new CsvParser(text, Header);
        return parser.Read() && parser.Record is { } names && names.Contains("start") && names.Contains("end") ? names : null;
    }

    /// <summary>The records behind the header.</summary>
    /// <param name="input">Stands behind the header.</param>
    /// <param name="header">The names of the fields.</param>
    /// <param name="lines">How many lines there were up to here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Of each the number of its last line, and its JSON or what is wrong with it.</returns>
    public static async IAsyncEnumerable<(long Line, byte[]? Json, string? Problem)> ReadAsync(
        TextReader input, string[] header, long lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isBad = false;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { HasHeaderRecord = false, BadDataFound = _ => isBad = true };
        using var parser = new CsvParser(input, configuration, leaveOpen: true);
        while (await parser.ReadAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Only now fields are looked at.
            var fields = parser.Record!;
            var (json, problem) = isBad ? (null, "The line has a quotation mark that is none of a quoted field.")
                : fields.Length != header.Length ? (null, $"The line has {fields.Length} fields, the header {header.Length}.")
                : Convert(header, fields);
            isBad = false;
            yield return (lines + parser.RawRow, json, problem);
        }
    }

    private static (byte[]? Json, string? Problem) Convert(string[] header, string[] fields)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            for (var i = 0; i < header.Length; i++)
            {
                if (fields[i].Length > 0 && !TryWrite(json, header[i], fields[i]))
                {
                    return (null, $"'{header[i]}' is no series as in host=a,region=eu.");
                }
            }

            json.WriteEndObject();
        }

        return (buffer.ToArray(), null);
    }

    private static bool TryWrite(Utf8JsonWriter json, string name, string text)
    {
        if (name == WindowFields.Series)
        {
            if (SeriesText.TryRead(text) is not { } tags)
            {
                return false;
            }

            json.WriteStartObject("tags"u8);
            foreach (var (tag, value) in tags)
            {
                json.WriteString(tag, value);
            }

            json.WriteEndObject();
        }
        else if (name == WindowFields.Values)
        {
            json.WriteStartArray(name);
            foreach (var value in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                WriteNumber(json, value);
            }

            json.WriteEndArray();
        }
        else if (WindowFields.Numbers.Contains(name) || (WindowFields.Instants.Contains(name) && !text.AsSpan(1).ContainsAnyExceptInRange('0', '9')))
        {
            json.WritePropertyName(name);
            WriteNumber(json, text);
        }
        else
        {
            json.WriteString(name, text);
        }

        return true;
    }

    /// <summary>What is no number is left to the node to refuse, or to know.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && text != "-0")
        {
            json.WriteNumberValue(whole);
        }
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(text);
        }
    }
}
