using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using OrleansMetrics.Cli.Demo;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.Export;
using OrleansMetrics.Cli.Host;
using OrleansMetrics.Cli.Import;
using OrleansMetrics.Cli.Load;
using OrleansMetrics.Cli.Query;
using OrleansMetrics.Cli.Stats;
using OrleansMetrics.Cli.Verify;
using OrleansMetrics.Cli.Watch;

namespace OrleansMetrics.Cli.CommandLine;

/// <summary>The command-line tool: reads arguments, runs one command, turns its outcome into an exit code.</summary>
public static class CliApplication
{
    /// <summary>How long a command may take to end after Ctrl-C or SIGTERM; <c>demo</c> stops a whole node in it.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromMinutes(2);

    /// <summary>EPIPE, which .NET gives as the result of a failed write.</summary>
    private const int BrokenPipe = 32;

    /// <summary>
    /// Runs the command that the arguments name. Exit codes: 0 done, 1 failed, 2 wrong usage, or nothing to judge for <c>verify</c>. A failure is one line on the error writer.
    /// </summary>
    /// <param name="args">The arguments without the program's name.</param>
    /// <param name="services">Output, clock, environment.</param>
    /// <param name="cancellationToken">Ends the command as Ctrl-C does.</param>
    public static async Task<int> RunAsync(string[] args, CliServices services, CancellationToken cancellationToken = default)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        var parsed = BuildRoot(services).Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            foreach (var message in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            {
                await services.Error.WriteLineAsync($"error: {PlainText.Printable(message)}");
            }
            await services.Error.WriteLineAsync($"Run with '{HelpPath(parsed)}--help' for usage.");
            return ExitCode.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = services.Output,
                    Error = services.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = TerminationTimeout,
                },
                cancellationToken);
        }
        catch (CliFailureException failure)
        {
            await services.Error.WriteLineAsync($"error: {PlainText.Printable(failure.Message)}");
            return failure.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await services.Error.WriteLineAsync("interrupted");
            return ExitCode.Failure;
        }
        catch (IOException closed) when (closed.HResult == BrokenPipe)
        {
            // The reader of a pipe has seen enough; it does not want to hear about it either.
            return ExitCode.Failure;
        }
        catch (Exception unexpected)
        {
            await services.Error.WriteLineAsync($"error: unexpected {unexpected.GetType().Name}: {PlainText.Printable(unexpected.Message)}");
            return ExitCode.Failure;
        }
    }

    private static RootCommand BuildRoot(CliServices services)
    {
        var root = new RootCommand("Sends points to an OrleansMetrics node and reads aggregates back.");
        var node = new NodeOption(services);
        root.Options.Add(node.Option);
        var examples = new Dictionary<Command, string[]>
        {
            [root] = ["demo", "host --interval 1s", "query cpu_usage_user", "load --points 1000000 --verify", "stats", "verify --settle 30s"],
        };
        CommandDefinition[] definitions =
        [
            DemoCommand.Define(services, node), HostCommand.Define(services, node), QueryCommand.Define(services, node),
            WatchCommand.Define(services, node), StatsCommand.Define(services, node), VerifyCommand.Define(services, node),
            LoadCommand.Define(services, node), ExportCommand.Define(services, node), ImportCommand.Define(services, node),
        ];
        foreach (var definition in definitions)
        {
            root.Subcommands.Add(definition.Command);
            examples[definition.Command] = definition.Examples;
        }
        var help = root.Options.OfType<HelpOption>().Single();
        var helpAction = new HelpWithExamples((HelpAction)help.Action!, examples);
        help.Action = helpAction;
        root.SetAction(parsed =>
        {
            helpAction.Invoke(parsed);
            return ExitCode.Usage;
        });
        return root;
    }

    private static string HelpPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
}
