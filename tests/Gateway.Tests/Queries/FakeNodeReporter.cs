using OrleansMetrics.Gateway.Stats;

namespace OrleansMetrics.Gateway.Tests.Queries;

internal sealed class FakeNodeReporter : INodeReporter
{
    public Func<CancellationToken, Task> OnReport { get; set; } = _ => Task.CompletedTask;

    public Task ReportNowAsync(CancellationToken cancellationToken) => OnReport(cancellationToken);
}
