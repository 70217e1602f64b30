using System.Text;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>The tags of a series in one field of CSV: <c>host=a,region=eu</c>; a backslash before a comma, an equals sign or a backslash takes it for itself.</summary>
public static class SeriesText
{
    /// <summary>Writes them.</summary>
    public static string Write(IEnumerable<(string Name, string Value)> tags) => string.Join(',', tags.Select(static tag => $"{Escape(tag.Name)}={Escape(tag.Value)}"));

    /// <summary>Reads them; null when a tag has no equals sign, or more than one, or the text ends with a single backslash.</summary>
    public static IReadOnlyList<(string Name, string Value)>? TryRead(string text)
    {
        var tags = new List<(string Name, string Value)>();
        string? name = null;
        var part = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when i + 1 < text.Length:
                    part.Append(text[++i]);
                    break;
                case '\\':
                case '=' when name is not null:
                case ',' when name is null:
                    return null;
                case '=':
                    name = part.ToString();
                    part.Clear();
                    break;
                case ',':
                    tags.Add((name, part.ToString()));
                    name = null;
                    part.Clear();
                    break;
                default:
                    part.Append(text[i]);
                    break;
            }
        }

        if (name is not null)
        {
            tags.Add((name, part.ToString()));
        }

        return name is not null || text.Length == 0 ? tags : null;
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal);
}
