using System.Globalization;

namespace OrleansMetrics.Cli.Host.Proc;

/// <summary><c>/proc/loadavg</c>.</summary>
/// <param name="Load1">Mean number of runnable tasks over one minute.</param>
/// <param name="Load5">Over five minutes.</param>
/// <param name="Load15">Over fifteen minutes.</param>
/// <param name="Threads">Tasks that exist.</param>
internal sealed record LoadAverage(double Load1, double Load5, double Load15, ulong Threads)
{
    /// <summary>Reads the file's content, such as <c>0.07 0.08 0.03 1/88 5243</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static LoadAverage Parse(string content)
    {
        var fields = ProcFields.Split(content.Trim());
        if (fields.Length < 4)
        {
            throw new FormatException($"/proc/loadavg has {fields.Length} fields instead of 5");
        }
        return new LoadAverage(Number(fields[0]), Number(fields[1]), Number(fields[2]), ProcFields.Counter(fields[3].Split('/'), 1));
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}
