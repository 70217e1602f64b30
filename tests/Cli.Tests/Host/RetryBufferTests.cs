using OrleansMetrics.Cli.Host.Delivery;

namespace OrleansMetrics.Cli.Tests.Host;

public sealed class RetryBufferTests
{
    [Fact]
    public async Task Samples_come_out_in_order_and_stay_until_removed()
    {
        using var buffer = new RetryBuffer(10, 1000);
        buffer.Add(Sample(1));
        buffer.Add(Sample(2));

        var (number, first) = await buffer.PeekAsync(CancellationToken.None);
        Assert.Equal(number, (await buffer.PeekAsync(CancellationToken.None)).Number);
        Assert.Equal(1, first.Points);
        Assert.True(buffer.Remove(number));
        Assert.Equal(2, (await buffer.PeekAsync(CancellationToken.None)).Sample.Points);
        Assert.Equal((1, 0L), (buffer.Count, buffer.Dropped));
    }

    [Theory]
    [InlineData(3, 1000, 3)]
    [InlineData(100, 40, 4)]
    public async Task The_oldest_are_dropped_and_counted_when_items_or_bytes_are_full(int maxSamples, int maxBytes, int kept)
    {
        using var buffer = new RetryBuffer(maxSamples, maxBytes);
        for (var i = 1; i <= 10; i++)
        {
            buffer.Add(Sample(i));
        }

        Assert.Equal((kept, 10L - kept), (buffer.Count, buffer.Dropped));
        Assert.Equal(10 - kept + 1, (await buffer.PeekAsync(CancellationToken.None)).Sample.Points);
    }

    [Fact]
    public async Task A_sample_delivered_while_it_was_dropped_counts_as_delivered()
    {
        using var buffer = new RetryBuffer(1, 1000);
        buffer.Add(Sample(1));
        var (number, _) = await buffer.PeekAsync(CancellationToken.None);
        buffer.Add(Sample(2));

        Assert.Equal(1, buffer.Dropped);
        Assert.False(buffer.Remove(number));
        Assert.Equal((1, 0L), (buffer.Count, buffer.Dropped));
    }

    [Fact]
    public async Task A_reader_waits_for_the_first_sample()
    {
        using var buffer = new RetryBuffer(2, 1000);
        var waiting = buffer.PeekAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);

        buffer.Add(Sample(7));

        Assert.Equal(7, (await waiting).Sample.Points);
    }

    [Fact]
    public void A_sample_larger_than_the_buffer_is_dropped()
    {
        using var buffer = new RetryBuffer(2, 5);
        buffer.Add(Sample(1));

        Assert.Equal((0, 1L), (buffer.Count, buffer.Dropped));
    }

    private static HostSample Sample(int points) => new(DateTimeOffset.UnixEpoch, new byte[10], points, 0, 0, 0);
}
