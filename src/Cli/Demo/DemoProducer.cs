using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.NodeApi;

namespace OrleansMetrics.Cli.Demo;

/// <summary>One producer: posts its points in order, in batches, and repeats a batch that the node had no room for.</summary>
internal sealed class DemoProducer(int number, NodeClient node, TimeProvider time)
{
    private const int MaxTries = 50;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private int _sent;

    /// <summary>Points acknowledged.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Sends all points.</summary>
    /// <exception cref="CliFailureException">The node refused a batch, or had no room for too long.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (_sent < DemoScenario.PointsPerProducer)
        {
            var count = Math.Min(DemoScenario.PointsPerRequest, DemoScenario.PointsPerProducer - _sent);
            await DeliverAsync(DemoScenario.Body(number, _sent, count), cancellationToken);
            Volatile.Write(ref _sent, _sent + count);
        }
    }

    private async Task DeliverAsync(byte[] body, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var outcome = await node.PostAsync("api/points", body, "application/json", null, time, cancellationToken);
            if (outcome.Status == PostStatus.Accepted)
            {
                return;
            }
            if (outcome.Status != PostStatus.Overloaded || tries == MaxTries)
            {
                throw new CliFailureException($"producer {number}: {node.Address} did not take a batch: {outcome.Detail}");
            }
            var pause = outcome.RetryAfter ?? TimeSpan.FromMilliseconds(200);
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
        }
    }
}
