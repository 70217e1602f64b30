using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Tests.Protocols.Influx;

/// <summary>
/// Line protocol by regular expressions over a string with one character per byte: slow, and written without a look at the parser.
/// </summary>
internal static partial class ReferenceLineParser
{
    private static readonly UTF8Encoding Strict = new(false, true);

    public sealed record Outcome(List<ParsedBody.Point> Points, List<Refusal> Refusals, long Ignored);

    /// <summary>A refusal; without reason when the whole line is refused for its grammar.</summary>
    public readonly record struct Refusal(long Line, RejectReason? Reason);

    private readonly record struct Value(double? Number, RejectReason? Refused, bool IsString);

    public static Outcome Parse(byte[] body, long nanosecondsPerUnit = 1)
    {
        var outcome = new Outcome([], [], 0);
        long number = 1;
        foreach (Match match in AnyLine().Matches(Encoding.Latin1.GetString(body)))
        {
            outcome = ParseLine(match.Value.TrimEnd('\n') is var line && line.TrimStart(' ') is var text ? text : "", number, outcome, nanosecondsPerUnit);
            number += match.Value.Count(c => c == '\n');
        }

        return outcome;
    }

    private static Outcome ParseLine(string line, long number, Outcome outcome, long scale)
    {
        if (line is "" or "\r" || line[0] == '#')
        {
            return outcome;
        }

        var match = GoodLine().Match(line);
        var values = match.Groups["value"].Captures.Select(capture => ParseValue(capture.Value)).ToList();
        var time = ParsedBody.ReceivedAt;
        var tags = new List<(string, string)>();
        if (!match.Success || values.Contains(default) || !TryTime(match.Groups["time"].Value, scale, ref time)
            || !TrySeries(match.Groups["series"].Value, tags, out var measurement))
        {
            outcome.Refusals.Add(new Refusal(number, null));
            return outcome;
        }

        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].IsString)
            {
                outcome = outcome with { Ignored = outcome.Ignored + 1 };
                continue;
            }

            var field = match.Groups["name"].Captures[i].Value;
            var metric = field == "value" ? measurement : measurement + "_" + Unescape(field);
            var reason = values[i].Refused ?? SeriesReason(metric, tags) ?? (time > ParsedBody.Latest ? RejectReason.TooFarAhead : null);
            if (reason is null)
            {
                outcome.Points.Add(ParsedBody.PointOf(
                    Decode(metric)!, tags.Select(tag => (Decode(tag.Item1)!, Decode(tag.Item2)!)), values[i].Number!.Value, time));
            }
            else
            {
                outcome.Refusals.Add(new Refusal(number, reason));
            }
        }

        return outcome;
    }

    /// <summary>default: no value at all.</summary>
    private static Value ParseValue(string text)
    {
        if (text.StartsWith('"'))
        {
            return new Value(null, null, true);
        }

        if (Number().IsMatch(text))
        {
            var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
            return double.IsFinite(number) ? new Value(number, null, false) : new Value(null, RejectReason.NotFinite, false);
        }

        if (Integer().IsMatch(text))
        {
            var integer = BigInteger.Parse(text[..^1], CultureInfo.InvariantCulture);
            var inRange = text[^1] == 'i' ? integer >= long.MinValue && integer <= long.MaxValue : integer >= 0 && integer <= ulong.MaxValue;
            return inRange
                ? new Value(double.Parse(text[..^1], CultureInfo.InvariantCulture), null, false)
                : new Value(null, RejectReason.InvalidValue, false);
        }

        if (text is "t" or "T" or "true" or "True" or "TRUE")
        {
            return new Value(1, null, false);
        }

        if (text is "f" or "F" or "false" or "False" or "FALSE")
        {
            return new Value(0, null, false);
        }

        return NotFinite().IsMatch(text) ? new Value(null, RejectReason.NotFinite, false) : default;
    }

    private static bool TryTime(string text, long scale, ref long time)
    {
        if (text.Length == 0)
        {
            return true;
        }

        var digits = text.TrimStart('-');
        if (digits.Length > 19 || BigInteger.Parse(digits, CultureInfo.InvariantCulture) > long.MaxValue)
        {
            return false;
        }

        var milliseconds = BigInteger.DivRem(
            BigInteger.Parse(text, CultureInfo.InvariantCulture) * scale, 1_000_000, out var remainder) - (remainder < 0 ? 1 : 0);
        if (milliseconds < DateTimeOffset.MinValue.ToUnixTimeMilliseconds() || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        time = (long)milliseconds;
        return true;
    }

    private static bool TrySeries(string text, List<(string, string)> tags, out string measurement)
    {
        var parts = UnescapedComma().Split(text);
        measurement = Unescape(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var pair = UnescapedEquals().Split(part);
            if (pair.Length != 2)
            {
                return false;
            }

            tags.Add((Unescape(pair[0]), Unescape(pair[1])));
        }

        return measurement.Length > 0;
    }

    private static RejectReason? SeriesReason(string metric, List<(string Name, string Value)> tags)
    {
        if (metric.Length > 256)
        {
            return RejectReason.NameTooLong;
        }

        if (!IsText(metric))
        {
            return RejectReason.InvalidName;
        }

        if (tags.Count > 40)
        {
            return RejectReason.TooManyTags;
        }

        foreach (var (name, value) in tags)
        {
            if (name.Length == 0 || value.Length == 0)
            {
                return RejectReason.EmptyTag;
            }

            if (name.Length > 256 || value.Length > 4096)
            {
                return RejectReason.TagTooLong;
            }

            if (!IsText(name) || !IsText(value))
            {
                return RejectReason.InvalidName;
            }
        }

        return tags.Select(tag => tag.Name).Distinct().Count() < tags.Count ? RejectReason.DuplicateTag : null;
    }

    private static bool IsText(string bytes) => Decode(bytes) is { } text && !text.Any(char.IsControl);

    private static string? Decode(string bytes)
    {
        try
        {
            return Strict.GetString(Encoding.Latin1.GetBytes(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Unescape(string text) => Escape().Replace(text, "$1");

    [GeneratedRegex(@"\G(?=[\s\S])\ *(?>\#[^\n]*|(?:[^\ \n]|(?<=\\)\ )*(?:\ (?>(?<!\\)=""(?:[^""\\]|\\[\s\S])*(?:""|\\?\z)|[^\n])*)?)(?:\n|\z)", RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex AnyLine();

    [GeneratedRegex(
        """
        ^(?<series>(?:[^\ \n]|(?<=\\)\ )*)(?<!\\)\ +
        (?<name>(?:[^=,\ \n]|(?<=\\)[=,\ ])+)(?<!\\)=(?<value>"(?:[^"\\]|\\[\s\S])*"|[^,\ \r\n"][^,\ \r\n]*)
        (?:,(?<name>(?:[^=,\ \n]|(?<=\\)[=,\ ])+)(?<!\\)=(?<value>"(?:[^"\\]|\\[\s\S])*"|[^,\ \r\n"][^,\ \r\n]*))*
        (?:\ +(?<time>-?[0-9]+)?)?\ *\r?\z
        """,
        RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex GoodLine();

    [GeneratedRegex(@"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"^[+-]?[0-9]+[iu]\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[+-]?(nan|inf|infinity)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NotFinite();

    [GeneratedRegex(@"(?<!\\),")]
    private static partial Regex UnescapedComma();

    [GeneratedRegex(@"(?<!\\)=")]
    private static partial Regex UnescapedEquals();

    [GeneratedRegex(@"\\([,=\ ])")]
    private static partial Regex Escape();
}
