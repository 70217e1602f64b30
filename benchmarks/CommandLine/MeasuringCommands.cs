using System.CommandLine;
using System.Text.Json;
using OrleansMetrics.Benchmarks.Compare;
using OrleansMetrics.Benchmarks.Gate;
using OrleansMetrics.Benchmarks.History;
using OrleansMetrics.Benchmarks.Latency;
using OrleansMetrics.Benchmarks.Scale;
using OrleansMetrics.Benchmarks.Servers;

namespace OrleansMetrics.Benchmarks.CommandLine;

/// <summary>The commands that measure whole processes; everything else is BenchmarkDotNet's.</summary>
internal static class MeasuringCommands
{
    /// <summary>Whether the arguments begin with one of them.</summary>
    public static bool Includes(string[] args) => args is [var first, ..] && Root().Subcommands.Any(command => command.Name == first);

    /// <summary>Runs one. Returns the exit code: 1 when something failed.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("CPU time of processes is read from /proc: only Linux has it.");
            return GateCommand.NotMeasured;
        }
        try
        {
            return await Root().Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or JsonException)
        {
            // A server that failed or is not built, Ctrl-C, a damaged record: the message says it all.
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }

    private static RootCommand Root() => new("Measures whole processes on this machine.")
    {
        CompareCommand.Define(), LatencyCommand.Define(), ScaleCommand.Define(), HistoryCommand.Define(), GateCommand.Define(), Serve(),
    };

    private static Command Serve()
    {
        var role = new Argument<string>("role");
        var port = new Argument<int>("port");
        var serve = new Command("serve", "A server to compare with, in a process of its own.") { role, port };
        serve.Hidden = true;
        serve.SetAction((arguments, _) => FloorHost.RunAsync(arguments.GetValue(role)!, arguments.GetValue(port)));
        return serve;
    }
}
