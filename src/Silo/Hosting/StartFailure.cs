using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>Turns what can go wrong at start into sentences for the person who starts the node.</summary>
internal static class StartFailure
{
    /// <summary>The reasons, or null when the exception is none that a person can mend: it should be seen whole.</summary>
    public static IReadOnlyList<string>? TryExplain(Exception exception) => exception switch
    {
        AggregateException aggregate => Combine(aggregate.Flatten().InnerExceptions),
        OptionsValidationException options => [.. options.Failures],
        InvalidOperationException { InnerException: FormatException or ArgumentException } binding when binding.Message.Contains("configuration", StringComparison.OrdinalIgnoreCase) => [binding.Message],
        InvalidDataException data => [data.Message],
        InvalidOperationException { Message: var message } when message.StartsWith("The point log", StringComparison.Ordinal) || message.StartsWith("Partition ", StringComparison.Ordinal) => [message],
        IOException io => [io.InnerException is SocketException or null ? io.Message : $"{io.Message} {io.InnerException.Message}"],
        SocketException socket => [socket.Message],
        _ => exception.InnerException is { } inner ? TryExplain(inner) : null,
    };

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
