using System.Globalization;
using System.Text;

namespace OrleansMetrics.Cli.NodeApi;

/// <summary>Builds the path and query of a request; every part is escaped.</summary>
internal sealed class QueryPath(params string[] segments)
{
    private readonly StringBuilder _query = new();

    /// <summary>Adds a parameter; a null value adds none.</summary>
    public QueryPath With(string name, string? value)
    {
        if (value is not null)
        {
            _query.Append(_query.Length == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }
        return this;
    }

    /// <summary>Adds an instant; null adds none.</summary>
    public QueryPath With(string name, DateTimeOffset? value) =>
        With(name, value?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));

    /// <summary>Adds a number.</summary>
    public QueryPath With(string name, long value) => With(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Adds <c>tag.NAME=VALUE</c> for each tag.</summary>
    public QueryPath WithTags(IEnumerable<KeyValuePair<string, string>> tags)
    {
        foreach (var tag in tags)
        {
            With("tag." + tag.Key, tag.Value);
        }
        return this;
    }

    /// <summary>The relative address.</summary>
    public override string ToString() => string.Join('/', segments.Select(Uri.EscapeDataString)) + _query;
}
