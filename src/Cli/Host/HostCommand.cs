using System.CommandLine;
using OrleansMetrics.Cli.CommandLine;

namespace OrleansMetrics.Cli.Host;

/// <summary><c>host</c>: sends this machine's own measurements.</summary>
internal static class HostCommand
{
    public static CommandDefinition Define(CliServices services, NodeOption node)
    {
        var interval = ArgumentValues.DurationOption("--interval", "Time between two samples.", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100));
        var tags = ArgumentValues.TagOption("Added to every point, besides host=HOSTNAME; may be repeated, and may replace host.");
        var count = ArgumentValues.NumberOption("--count", "End after this many samples; 0: never.", 0, 0, long.MaxValue);
        var buffer = ArgumentValues.NumberOption("--buffer", "Samples to keep while the node is away; the oldest is dropped and counted.", 600, 1, 1_000_000);
        var command = new Command("host", "Samples CPU, memory, disks and network of this machine and sends them to a node, until Ctrl-C.")
        {
            interval, tags, count, buffer,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var options = new HostOptions(
                arguments.GetValue(interval), WithHost(arguments.GetValue(tags)!), arguments.GetValue(count), (int)arguments.GetValue(buffer));
            if (!File.Exists("/proc/stat"))
            {
                throw new CliFailureException("host reads /proc, which this system does not have: it runs on Linux only");
            }
            using var client = node.Connect(arguments);
            return await new HostAgent(services, client, options).RunAsync(cancellationToken);
        });
        return new CommandDefinition(command, ["host", "host --interval 10s --tag rack=b4 --tag env=prod", "host --count 60 --node http://10.0.0.5:8080"]);
    }

    private static KeyValuePair<string, string>[] WithHost(KeyValuePair<string, string>[] tags) =>
        tags.Any(tag => tag.Key == "host") ? tags : [new("host", Environment.MachineName), .. tags];
}
