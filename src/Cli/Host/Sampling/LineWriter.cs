using System.Globalization;
using System.Text;

namespace OrleansMetrics.Cli.Host.Sampling;

/// <summary>Writes Influx line protocol. Names and values are escaped; numbers have two decimals at most, and those that are not finite are left out.</summary>
/// <param name="sharedTags">Tags of every line.</param>
/// <param name="nanoseconds">Timestamp of every line.</param>
internal sealed class LineWriter(IEnumerable<KeyValuePair<string, string>> sharedTags, long nanoseconds)
{
    /// <summary>Ticks of 10 ms tell no more of a percentage or a rate; every further digit would be noise that has to be kept.</summary>
    private const int Decimals = 2;

    private readonly StringBuilder _text = new();
    private readonly KeyValuePair<string, string>[] _sharedTags = [.. sharedTags];

    /// <summary>Fields written: each is a point.</summary>
    public int Points { get; private set; }

    /// <summary>Adds a line; a line without a finite field is not written. A shared tag gives way to a line's own of the same name.</summary>
    public void Add(string measurement, ReadOnlySpan<(string Name, string Value)> tags, ReadOnlySpan<(string Name, double Value)> fields)
    {
        var start = _text.Length;
        var points = 0;
        AppendEscaped(measurement, ", ");
        foreach (var (name, value) in tags)
        {
            AppendTag(name, value);
        }
        foreach (var shared in _sharedTags)
        {
            var own = false;
            foreach (var (name, _) in tags)
            {
                own |= name == shared.Key;
            }
            if (!own)
            {
                AppendTag(shared.Key, shared.Value);
            }
        }
        foreach (var (name, value) in fields)
        {
            if (double.IsFinite(value))
            {
                _text.Append(points++ == 0 ? ' ' : ',');
                AppendEscaped(name, ",= ");
                _text.Append('=').Append(Math.Round(value, Decimals).ToString("R", CultureInfo.InvariantCulture));
            }
        }
        if (points == 0)
        {
            _text.Length = start;
            return;
        }
        _text.Append(' ').Append(nanoseconds.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Points += points;
    }

    /// <summary>The lines as UTF-8.</summary>
    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString());

    private void AppendTag(string name, string value)
    {
        // The protocol has no empty tag values and no line breaks in them.
        if (value.Length == 0)
        {
            return;
        }
        _text.Append(',');
        AppendEscaped(name, ",= ");
        _text.Append('=');
        AppendEscaped(value, ",= ");
    }

    private void AppendEscaped(string text, string special)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            // A backslash at the end would escape the separator that follows; it has no escape of its own there.
            if (char.IsControl(c) || (c == '\\' && i == text.Length - 1))
            {
                c = '_';
            }
            else if (special.Contains(c, StringComparison.Ordinal))
            {
                _text.Append('\\');
            }
            _text.Append(c);
        }
    }
}
