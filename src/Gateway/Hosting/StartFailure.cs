using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Turns what can go wrong at start into sentences for the person who starts the node.</summary>
internal static class StartFailure
{
    /// <summary>The reasons; the exception with all that it holds when it is none that a person can mend.</summary>
    public static IReadOnlyList<string> Explain(Exception exception) => TryExplain(exception) ?? [exception.ToString()];

    private static IReadOnlyList<string>? TryExplain(Exception exception) => exception switch
    {
        AggregateException aggregate => Combine(aggregate.Flatten().InnerExceptions),
        OptionsValidationException options => [.. options.Failures],
        InvalidDataException data => [data.Message],
        InvalidOperationException refused when IsSentence(refused) => [refused.Message.ReplaceLineEndings(" ")],
        DbException database => [$"A file in the data directory cannot be used: {database.Message}"],
        IOException io => [io.InnerException is SocketException or null ? io.Message : $"{io.Message} {io.InnerException.Message}"],
        UnauthorizedAccessException denied => [denied.Message],
        SocketException socket => [$"An address cannot be listened on: {socket.Message}."],
        _ => exception.InnerException is { } inner ? TryExplain(inner) : null,
    };

    // What our own code and the web server refuse, they refuse in words. A grain's refusal comes without its source.
    private static bool IsSentence(InvalidOperationException exception) =>
        exception.Source is { } source && (source.StartsWith("OrleansMetrics.", StringComparison.Ordinal) || source == "Microsoft.AspNetCore.Server.Kestrel.Core")
        || exception.Message.StartsWith("Partition ", StringComparison.Ordinal);

    private static List<string>? Combine(IEnumerable<Exception> exceptions)
    {
        var all = new List<string>();
        foreach (var exception in exceptions)
        {
            if (TryExplain(exception) is not { } reasons)
            {
                return null;
            }

            all.AddRange(reasons);
        }

        return all;
    }
}
