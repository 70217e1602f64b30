namespace OrleansMetrics.Cli.Demo;

/// <summary>A node that <c>demo</c> talks to over HTTP. Disposing it stops it, too, if <see cref="StopAsync"/> has not.</summary>
public abstract class RunningNode : IAsyncDisposable
{
    /// <summary>Where its HTTP endpoint listens.</summary>
    public abstract Uri Address { get; }

    /// <summary>
    /// Stops the node gracefully: intake ends, what was accepted is processed and flushed. Called once.
    /// </summary>
    /// <param name="cancellationToken">Ends the patience, not the promise: what was accepted is in the log.</param>
    /// <returns>The counters at the very end.</returns>
    public abstract Task<FinalStatistics> StopAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
