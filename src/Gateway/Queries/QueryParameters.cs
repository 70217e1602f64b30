using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using OrleansMetrics.Contracts.Points;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// The query string of one request, checked against what the endpoint knows. A parameter that is unknown, repeated, empty
/// or not of its form sets <see cref="Error"/>; the first error stays.
/// </summary>
/// <remarks>Names are compared by case, unlike ASP.NET's own collection: the tags <c>Host</c> and <c>host</c> are two tags.</remarks>
internal sealed class QueryParameters
{
    private const string TagPrefix = "tag.";

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly List<Tag> _tags = [];

    /// <summary>Reads the query string.</summary>
    /// <param name="query">As it came.</param>
    /// <param name="known">Names that the endpoint takes.</param>
    /// <param name="takesTags">Whether <c>tag.NAME=VALUE</c> is taken as well.</param>
    public QueryParameters(QueryString query, ReadOnlySpan<string> known, bool takesTags)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            var name = pair.DecodeName().ToString();
            var value = pair.DecodeValue().ToString();
            if (takesTags && name.StartsWith(TagPrefix, StringComparison.Ordinal))
            {
                AddTag(name, value);
            }
            else if (!known.Contains(name))
            {
                var taken = $"only the parameters {string.Join(", ", known)}{(takesTags ? " and tag.NAME" : "")}";
                Fail(name, value, known.IsEmpty ? "no parameters" : taken);
            }
            else if (!_values.TryAdd(name, value))
            {
                Fail(name, value, "the parameter once");
            }
            else if (value.Length == 0)
            {
                Fail(name, value, "a value that is not empty");
            }
        }
    }

    /// <summary>The first thing wrong; null when everything is in order so far.</summary>
    public ParameterError? Error { get; private set; }

    /// <summary>The tags asked for, in the order of the query string.</summary>
    public Tag[] Tags => [.. _tags];

    /// <summary>A text; null when it is not given.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>A whole number from 1 to a largest.</summary>
    public int Count(string name, int whenAbsent, int largest)
    {
        if (!_values.TryGetValue(name, out var text))
        {
            return whenAbsent;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1 || count > largest)
        {
            Fail(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 to {largest}"));
        }

        return count;
    }

    /// <summary>An instant in any form of <see cref="QueryInstant"/>; null when it is not given.</summary>
    public DateTimeOffset? Instant(string name, DateTimeOffset now)
    {
        if (!_values.TryGetValue(name, out var text))
        {
            return null;
        }

        if (!QueryInstant.TryParse(text, now, out var instant))
        {
            Fail(name, text, QueryInstant.Allowed);
        }

        return instant;
    }

    /// <summary>A length of time such as 10s or 1m; null when it is not given.</summary>
    public TimeSpan? Duration(string name)
    {
        if (!_values.TryGetValue(name, out var text))
        {
            return null;
        }

        if (!QueryInstant.TryParseDuration(text, out var duration) || duration <= TimeSpan.Zero || duration > TimeSpan.FromDays(7))
        {
            Fail(name, text, "a length of time such as 10s, 1m, 1h or 1d, up to 7d");
            return null;
        }

        return duration;
    }

    /// <summary>Names separated by commas, each once; null when it is not given.</summary>
    public string[]? Names(string name)
    {
        if (!_values.TryGetValue(name, out var text))
        {
            return null;
        }

        var names = text.Split(',');
        if (names.Length > PointLimits.MaxTags || names.Any(static one => one.Length == 0) || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            Fail(name, text, "names separated by commas, each once");
        }

        return names;
    }

    /// <summary>Refuses a parameter that was given.</summary>
    public void Refuse(string name, string allowed) => Fail(name, _values[name], allowed);

    /// <summary>Refuses a range that ends before it starts.</summary>
    public void RequireAscending(string from, DateTimeOffset? start, string to, DateTimeOffset? end)
    {
        if (start >= end)
        {
            Fail(from, _values[from], $"a time before {to}");
        }
    }

    private void AddTag(string name, string value)
    {
        var tag = name[TagPrefix.Length..];
        if (tag.Length == 0)
        {
            Fail(name, value, "tag.NAME with the name of a tag");
        }
        else if (value.Length == 0 || Encoding.UTF8.GetByteCount(value) > PointLimits.MaxTagValueBytes)
        {
            Fail(name, value, string.Create(CultureInfo.InvariantCulture, $"a tag value of 1 to {PointLimits.MaxTagValueBytes} bytes"));
        }
        else if (_tags.Exists(t => t.Name == tag))
        {
            Fail(name, value, "each tag once");
        }
        else if (_tags.Count == PointLimits.MaxTags)
        {
            Fail(name, value, string.Create(CultureInfo.InvariantCulture, $"at most {PointLimits.MaxTags} tags"));
        }
        else
        {
            _tags.Add(new Tag(tag, value));
        }
    }

    private void Fail(string name, string value, string allowed) => Error ??= new ParameterError(name, value, allowed);
}
