using System.Threading.Channels;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// Reads a sequence while what was read before is being used: the grain that makes it and the connection that takes it work at the same time. Holds a bounded number of elements.
/// </summary>
/// <typeparam name="T">Of the sequence.</typeparam>
internal sealed class ReadAhead<T> : IAsyncEnumerator<T>
{
    private readonly CancellationTokenSource _stop;
    private readonly Channel<T> _read;
    private readonly Task _reading;

    /// <summary>Begins to read.</summary>
    /// <param name="source">Is enumerated once.</param>
    /// <param name="capacity">Elements that wait at most.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    public ReadAhead(IAsyncEnumerable<T> source, int capacity, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _read = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
        _reading = ReadAsync(source, _stop.Token);
    }

    /// <inheritdoc/>
    public T Current { get; private set; } = default!;

    /// <inheritdoc/>
    /// <remarks>A failure of the source comes after the elements before it.</remarks>
    public async ValueTask<bool> MoveNextAsync()
    {
        if (!await _read.Reader.WaitToReadAsync(_stop.Token))
        {
            return false;
        }

        _read.Reader.TryRead(out var current);
        Current = current!;
        return true;
    }

    /// <summary>Stops reading, and returns when the source is done with.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync(IAsyncEnumerable<T> source, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var one in source.WithCancellation(cancellationToken))
            {
                await _read.Writer.WriteAsync(one, cancellationToken);
            }

            _read.Writer.Complete();
        }
        catch (Exception exception)
        {
            // Whatever it is, it is the reader's.
            _read.Writer.TryComplete(exception);
        }
    }
}
