using System.Text;
using Microsoft.Win32.SafeHandles;
using OrleansMetrics.Cli.Demo;
using Spectre.Console;

namespace OrleansMetrics.Cli.CommandLine;

/// <summary>What commands use of the world around them; tests give their own.</summary>
public sealed class CliServices
{
    /// <summary>Columns of a table when the output is not a terminal: wide enough not to wrap.</summary>
    private const int RedirectedWidth = 240;

    /// <summary>Creates services that write to the given writers, without colours or cursor movements.</summary>
    public CliServices(TextWriter output, TextWriter error)
        : this(output, error, Redirected(output), interactive: false)
    {
    }

    private CliServices(TextWriter output, TextWriter error, IAnsiConsole console, bool interactive)
    {
        Output = output;
        Error = error;
        Console = console;
        Interactive = interactive;
    }

    /// <summary>Standard output, for JSON and plain lines.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error, for failures and warnings.</summary>
    public TextWriter Error { get; }

    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = System.Console.OpenStandardInput;

    /// <summary>Standard output, for tables.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>True when a person watches: live tables and progress bars make sense.</summary>
    public bool Interactive { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads an environment variable; null when it is not set.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Starts a node inside this process for <c>demo</c>; null when this build has none.</summary>
    public Func<CancellationToken, Task<RunningNode>>? StartNode { get; init; }

    /// <summary>The services of a real process: its console, its environment, the system's clock.</summary>
    /// <param name="startNode">See <see cref="StartNode"/>.</param>
    public static CliServices ForProcess(Func<CancellationToken, Task<RunningNode>>? startNode = null)
    {
        var redirected = System.Console.IsOutputRedirected;
        if (!redirected)
        {
            System.Console.OutputEncoding = Encoding.UTF8;
        }
        var output = redirected ? OpenPipe() ?? System.Console.Out : System.Console.Out;
        var console = redirected ? Redirected(output) : AnsiConsole.Console;
        return new CliServices(output, System.Console.Error, console, !redirected && console.Profile.Capabilities.Ansi) { StartNode = startNode };
    }

    /// <summary>
    /// The console hides that the reader of a pipe has gone, so that <c>watch | head</c> would never end; a plain stream does not. Files keep
    /// the console's stream, because a stream of one's own would not share its position with standard error.
    /// </summary>
    private static StreamWriter? OpenPipe()
    {
        var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return OperatingSystem.IsWindows() || stream.CanSeek ? null : new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true };
    }

    private static IAnsiConsole Redirected(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        console.Profile.Width = RedirectedWidth;
        return console;
    }
}
