using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Csv;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Export;

/// <summary><c>export</c>: windows of metrics, one JSON object a line, or as CSV.</summary>
internal static class ExportCommand
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var match = new Option<string?>("--match") { Description = "Only metrics whose names match: * any run of characters, ? one.", HelpName = "GLOB" };
        var tags = ArgumentValues.TagOption("Only series that have this tag; may be repeated.");
        var from = ArgumentValues.InstantOption("--from", "Windows that end after this time; a day ago when not given.", services.Time);
        var to = ArgumentValues.InstantOption("--to", "Windows that start before this time; now when not given.", services.Time);
        var step = ArgumentValues.DurationOption("--step", "Length of the windows; longer ones where there are no others any more.", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));
        var members = new Option<string?>("--agg") { Description = "Only these members, such as count,mean,p99.", HelpName = "NAMES" };
        var backup = new Option<bool>("--backup") { Description = "All that history keeps, in the lengths in which it keeps it and with what quantiles are made of, for import; everything when no --from is given." };
        var format = new Option<ExportFormat>("--format") { Description = "Lines of JSON, or CSV with a header: with --agg, which names its fields, or --backup.", HelpName = "json|csv" };
        var command = new Command("export", "Writes windows of all metrics, or of some, as lines of JSON or as CSV.") { match, tags, from, to, step, members, backup, format };
        command.SetAction((arguments, cancellationToken) =>
        {
            var isCsv = arguments.GetValue(format) == ExportFormat.Csv;
            if (arguments.GetValue(backup))
            {
                return arguments.GetResult(step) is { Implicit: false } || arguments.GetValue(members) is not null
                    ? throw new CliFailureException("--backup has windows as they are, with all members: neither --step nor --agg goes with it.", ExitCode.Usage)
                    : RunAsync(
                        services, node.Connect(arguments), new BackupExport(arguments.GetValue(match), arguments.GetValue(tags)!, arguments.GetValue(from), arguments.GetValue(to)),
                        isCsv ? WindowFields.OfBackup : null, cancellationToken);
            }

            var named = arguments.GetValue(members);
            if (isCsv && named is null)
            {
                throw new CliFailureException("--format csv needs --agg, which names its fields, or --backup.", ExitCode.Usage);
            }

            var now = services.Time.GetUtcNow();
            var export = new WindowsExport(
                arguments.GetValue(match), arguments.GetValue(tags)!, arguments.GetValue(from) ?? now - Day, arguments.GetValue(to) ?? now, arguments.GetValue(step), named);
            return export.Contradiction is { } contradiction
                ? throw new CliFailureException(contradiction, ExitCode.Usage)
                : RunAsync(services, node.Connect(arguments), export, isCsv ? WindowFields.Of(named!) : null, cancellationToken);
        });
        return new CommandDefinition(command,
        [
            "export --backup | gzip > backup.ndjson.gz", "export --from 30d --step 10m > month.ndjson", "export --match 'cpu*' --from 2026-01-01T00:00:00Z --to 2026-01-02T00:00:00Z --step 10s | gzip > cpu.ndjson.gz",
            "export --from 7d --step 1h --agg count,mean,p99 --format csv > week.csv", "export --agg mean,p99 | jq -s 'group_by(.metric)[] | {metric: .[0].metric, windows: length}'",
        ]);
    }

    private static async Task<int> RunAsync(CliServices services, NodeClient client, MetricExport export, string[]? fields, CancellationToken cancellationToken)
    {
        using var node = client;
        await export.WriteAsync(node, fields is null ? new LinesOutput(services.Output) : new CsvOutput(services.Output, fields), cancellationToken);
        await services.Error.WriteLineAsync($"{export.Windows} windows of {export.Metrics} metrics");
        return ExitCode.Ok;
    }
}
