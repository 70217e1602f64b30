using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Gateway.Lifecycle;
using OrleansMetrics.Gateway.Stats;
using OrleansMetrics.Silo.Hosting;
using OrleansMetrics.Silo.Lifecycle;

namespace OrleansMetrics.Cli.Demo;

/// <summary>The standalone node, whole, in this process: any free port, and a directory that goes with it.</summary>
internal sealed class EmbeddedNode : RunningNode
{
    private readonly WebApplication _app;
    private readonly string _directory;

    private EmbeddedNode(WebApplication app, string directory)
    {
        _app = app;
        _directory = directory;
    }

    public override Uri Address => new(_app.Urls.First());

    public static async Task<RunningNode> StartAsync(CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("orleansmetrics-demo-").FullName;
        var app = StandaloneNode.Build(
            ["--urls", "http://127.0.0.1:0", "--Storage:Directory", directory, "--Node:Name", "demo"],
            static builder =>
            {
                // The live table has the terminal to itself; warnings would tear it.
                builder.Logging.ClearProviders();
                builder.Services.AddSingleton(StartAnnouncement.Silent);
            });
        var node = new EmbeddedNode(app, directory);
        try
        {
            await app.StartAsync(cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public override async Task<FinalStatistics> StopAsync(CancellationToken cancellationToken = default)
    {
        await _app.StopAsync(cancellationToken);
        var partitions = _app.Services.GetServices<IHostedService>().OfType<NodeLifecycle>().Single().FinalPartitions
            ?? throw new CliFailureException("demo: the node stopped before it had processed everything.");
        var node = _app.Services.GetRequiredService<NodeReporter>().Read();
        return new FinalStatistics
        {
            Received = node.Received,
            Accepted = partitions.Sum(static partition => partition.Accepted),
            Processed = partitions.Sum(static partition => partition.Processed),
            Late = partitions.Sum(static partition => partition.Dropped["late"]),
            Rejected = node.Rejected.Values.Sum(),
            InFlight = partitions.Sum(static partition => partition.InFlight),
            Flushes = node.Flushes,
            Errors = node.Errors,
        };
    }

    public override async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
