using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OrleansMetrics.Cli.CommandLine;

/// <summary>Reads the values of arguments: durations, tags, instants, bounded numbers. Culture plays no part.</summary>
internal static class ArgumentValues
{
    private static readonly (string Suffix, double Milliseconds)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads <c>500ms</c>, <c>1.5s</c>, <c>2m</c>, <c>1h</c>, <c>1d</c> or <c>hh:mm:ss</c>; never negative.</summary>
    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        foreach (var (suffix, milliseconds) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
                && amount * milliseconds < TimeSpan.FromDays(36_500).TotalMilliseconds)
            {
                duration = TimeSpan.FromMilliseconds(amount * milliseconds);
                return true;
            }
        }
        duration = TimeSpan.Zero;
        return text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParseExact(text, ["c", @"h\:mm\:ss"], CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
    }

    /// <summary>Reads <c>name=value</c>; neither may be empty.</summary>
    public static bool TryParseTag(string text, out KeyValuePair<string, string> tag)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        tag = at <= 0 || at == text.Length - 1 ? default : new(text[..at], text[(at + 1)..]);
        return tag.Key is not null && !text.Any(char.IsControl);
    }

    /// <summary>Reads an ISO 8601 instant (UTC unless it says otherwise), Unix seconds, or a duration: that long before now.</summary>
    public static bool TryParseInstant(string text, DateTimeOffset now, out DateTimeOffset instant)
    {
        if (TryParseDuration(text, out var ago) && ago < now - DateTimeOffset.MinValue)
        {
            instant = now - ago;
            return true;
        }
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            var known = seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
            instant = known ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
            return known;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
    }

    /// <summary>An option that takes a duration of at least <paramref name="least"/>.</summary>
    public static Option<TimeSpan> DurationOption(string name, string description, TimeSpan defaultValue, TimeSpan least) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result => TryParseDuration(result.Tokens[0].Value, out var value) && value >= least
            ? value
            : Refuse(result, name, $"is not a duration of at least {least.TotalMilliseconds:0}ms; examples: 500ms, 1s, 2m", defaultValue),
    };

    /// <summary>An option that takes a whole number in a range.</summary>
    public static Option<long> NumberOption(string name, string description, long defaultValue, long least, long most) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
            long.TryParse(result.Tokens[0].Value.Replace("_", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most
                ? value
                : Refuse(result, name, $"is not a whole number from {least} to {most}", defaultValue),
    };

    /// <summary>The repeatable <c>--tag name=value</c>.</summary>
    public static Option<KeyValuePair<string, string>[]> TagOption(string description) => new("--tag")
    {
        Description = description,
        HelpName = "NAME=VALUE",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var tags = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var token in result.Tokens)
            {
                if (!TryParseTag(token.Value, out var tag))
                {
                    return Refuse<KeyValuePair<string, string>[]>(result, "--tag", "is not NAME=VALUE", [], token.Value);
                }
                if (!tags.TryAdd(tag.Key, tag.Value))
                {
                    return Refuse<KeyValuePair<string, string>[]>(result, "--tag", "names a tag twice", [], token.Value);
                }
            }
            return [.. tags];
        },
    };

    /// <summary>An option that takes an instant.</summary>
    public static Option<DateTimeOffset?> InstantOption(string name, string description, TimeProvider time) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => TryParseInstant(result.Tokens[0].Value, time.GetUtcNow(), out var value)
            ? value
            : Refuse<DateTimeOffset?>(result, name, "is not a time; examples: 2026-01-01T00:00:00Z, 1767225600, 15m (ago)", null),
    };

    private static T Refuse<T>(ArgumentResult result, string name, string why, T value, string? token = null)
    {
        result.AddError($"{name}: '{token ?? result.Tokens[0].Value}' {why}.");
        return value;
    }
}
