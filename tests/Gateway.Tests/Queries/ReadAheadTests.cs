using System.Runtime.CompilerServices;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Tests.Queries;

public sealed class ReadAheadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Everything_comes_in_order()
    {
        var source = new Source(1_000);
        await using var reading = new ReadAhead<int>(source.ReadAsync(), 3, CancellationToken.None);
        for (var i = 0; i < 1_000; i++)
        {
            Assert.True(await reading.MoveNextAsync());
            Assert.Equal(i, reading.Current);
        }

        Assert.False(await reading.MoveNextAsync());
        Assert.False(await reading.MoveNextAsync());
    }

    [Fact]
    public async Task No_more_is_read_than_may_wait()
    {
        var source = new Source(1_000);
        await using (var reading = new ReadAhead<int>(source.ReadAsync(), 3, CancellationToken.None))
        {
            // Three wait, and one more has been read that has no place.
            Assert.Equal(4, source.Made);
            Assert.True(await reading.MoveNextAsync());
            await source.WaitForAsync(5);
        }

        Assert.Equal((5, true), (source.Made, source.IsDisposed));
    }

    [Fact]
    public async Task A_failure_comes_after_what_was_read_before_it()
    {
        var source = new Source(2) { Failure = new ArgumentException("no") };
        await using var reading = new ReadAhead<int>(source.ReadAsync(), 10, CancellationToken.None);
        Assert.True(await reading.MoveNextAsync());
        Assert.True(await reading.MoveNextAsync());
        Assert.Same(source.Failure, await Assert.ThrowsAsync<ArgumentException>(async () => await reading.MoveNextAsync()));
    }

    [Fact]
    public async Task Who_stops_early_waits_until_the_source_is_done_with()
    {
        var source = new Source(10) { Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
        var reading = new ReadAhead<int>(source.ReadAsync(), 10, CancellationToken.None);
        await reading.DisposeAsync();
        Assert.True(source.IsDisposed);
    }

    [Fact]
    public async Task A_client_that_goes_ends_reading()
    {
        using var gone = new CancellationTokenSource();
        var source = new Source(10) { Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) };
        await using var reading = new ReadAhead<int>(source.ReadAsync(), 10, gone.Token);
        var next = reading.MoveNextAsync();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private sealed class Source(int count)
    {
        private readonly SemaphoreSlim _made = new(0);

        public int Made { get; private set; }

        public bool IsDisposed { get; private set; }

        public Exception? Failure { get; init; }

        public TaskCompletionSource? Gate { get; init; }

        public async IAsyncEnumerable<int> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                await (Gate?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
                for (var i = 0; i < count; i++)
                {
                    Made++;
                    _made.Release();
                    yield return i;
                }

                if (Failure is not null)
                {
                    throw Failure;
                }
            }
            finally
            {
                IsDisposed = true;
            }
        }

        public async Task WaitForAsync(int made)
        {
            while (Made < made)
            {
                Assert.True(await _made.WaitAsync(Patience), $"{made} were never made");
            }
        }
    }
}
