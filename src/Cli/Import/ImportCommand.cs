using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Import;

/// <summary><c>import</c>: brings windows into the history of metrics.</summary>
internal static class ImportCommand
{
    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var file = new Argument<string>("FILE") { Description = "Lines of JSON as export --backup writes them, or CSV with a header; - for standard input." };
        var metric = new Option<string?>("--metric") { Description = "The metric of windows that name none.", HelpName = "NAME" };
        var patience = ArgumentValues.DurationOption("--patience", "How long to repeat a request that the node cannot take.", TimeSpan.FromMinutes(2), TimeSpan.Zero);
        var command = new Command("import", "Brings windows into the history of metrics. What is there is not imported twice: it can be run again.") { file, metric, patience };
        command.SetAction((arguments, cancellationToken) =>
            RunAsync(services, node.Connect(arguments), arguments.GetValue(file)!, arguments.GetValue(metric), arguments.GetValue(patience), cancellationToken));
        return new CommandDefinition(command, ["import backup.ndjson", "import week.csv --metric cpu", "export --backup --match 'cpu*' | import - --node http://127.0.0.1:9080", "zcat backup.ndjson.gz | import -"]);
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, string file, string? metric, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var node = client;
        await using var input = Open(services, file);
        var import = new WindowsImport(node, metric, patience, services.Time, services.Error);
        await import.RunAsync(input, cancellationToken);
        await services.Error.WriteLineAsync(import.Totals);
        return import.Rejected == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static Stream Open(CliServices services, string file)
    {
        try
        {
            return file == "-" ? services.Input() : File.OpenRead(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliFailureException($"cannot read {file}: {exception.Message}", ExitCode.Usage, exception);
        }
    }
}
