namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>One node for the tests of a class, each of which has metrics of its own.</summary>
public sealed class SharedNode : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private TestNode? _node;

    internal TestNode Node => _node!;

    // Long windows, so that a slow machine does not make a test's points late.
    public async Task InitializeAsync() => _node = await TestNode.StartAsync(_directory.Path, "--Windows:Size=00:10:00");

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        _directory.Dispose();
    }
}
