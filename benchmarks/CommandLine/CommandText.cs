using System.CommandLine;

namespace OrleansMetrics.Benchmarks.CommandLine;

/// <summary>How a table's reader can repeat it.</summary>
internal static class CommandText
{
    /// <summary>The command as it was given, without what only says where results go or which builds were measured.</summary>
    public static string Of(string name, ParseResult arguments)
    {
        List<string> kept = [];
        var tokens = arguments.Tokens.Select(static token => token.Value).SkipWhile(token => token != name).Skip(1).ToList();
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] is "--plot" or "--node")
            {
                i++;
            }
            else if (tokens[i] != "--markdown")
            {
                kept.Add(tokens[i]);
            }
        }
        return string.Join(' ', ["dotnet run -c Release --project benchmarks --", name, .. kept]);
    }
}
