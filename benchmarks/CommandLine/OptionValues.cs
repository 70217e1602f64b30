using System.CommandLine;
using System.Globalization;

namespace OrleansMetrics.Benchmarks.CommandLine;

/// <summary>Options of the measuring commands.</summary>
internal static class OptionValues
{
    /// <summary>A whole number that is not below a bound.</summary>
    public static Option<long> Number(string name, string description, long defaultValue, long least = 0)
    {
        var option = new Option<long>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => defaultValue };
        option.Validators.Add(result =>
        {
            if (result.Errors.All(static _ => false) && result.GetValueOrDefault<long>() < least)
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be at least {least}."));
            }
        });
        return option;
    }

    /// <summary>Whole numbers above or at zero, separated by commas.</summary>
    public static Option<int[]> Numbers(string name, string description, params int[] defaultValue) => new(name)
    {
        Description = description,
        HelpName = "N,N,…",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            if (TryParse(result.Tokens.Count == 1 ? result.Tokens[0].Value : "", out var numbers))
            {
                return numbers;
            }
            result.AddError($"{name} takes numbers separated by commas.");
            return [];
        },
    };

    /// <summary>Reads <c>1000,100000</c>.</summary>
    public static bool TryParse(string text, out int[] numbers)
    {
        var parts = text.Split(',');
        numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>A file to write.</summary>
    public static Option<string?> Plot(string what) => new("--plot") { Description = $"Write {what} to this file, as SVG.", HelpName = "FILE" };

    /// <summary>Whether the table is for the documents.</summary>
    public static Option<bool> Markdown() => new("--markdown") { Description = "Print what docs/benchmarks.md needs: commit, machine, command, table." };
}
