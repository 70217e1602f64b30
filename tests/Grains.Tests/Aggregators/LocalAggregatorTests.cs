using Orleans.Runtime;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History;
using OrleansMetrics.Grains.Stats;
using OrleansMetrics.Grains.Tests.Aggregation;

namespace OrleansMetrics.Grains.Tests.Aggregators;

public sealed class LocalAggregatorTests
{
    private readonly PersistentAggregator _aggregator = new(new NoState(), AggregatorRun.CreateSettings(10_000, 10_000, 3), new SiloStatistics(), static () => { });
    private readonly LocalAggregator _local;
    private readonly LocalAggregators _locals = new();
    private readonly SentSlices _grain = new();
    private readonly AggregatorLink _link;

    public LocalAggregatorTests()
    {
        _local = new LocalAggregator(_aggregator);
        _link = new AggregatorLink("cpu", _grain, _locals);
    }

    [Fact]
    public async Task A_slice_goes_straight_to_an_aggregator_that_is_here()
    {
        _locals.Add("cpu", _local);

        var applied = await _link.Apply(Slice(5));
        var advanced = await _link.Advance(0, 5, 40_000);

        Assert.Equal((true, 5, 1), (applied.Applied, applied.Position, applied.Counters.Processed));
        Assert.Equal(40_000, advanced.Watermark);
        Assert.Empty(_grain.Sent);
    }

    [Fact]
    public async Task A_slice_is_a_message_when_the_aggregator_is_not_here()
    {
        _locals.Add("memory", _local);

        await _link.Apply(Slice(5));
        await _link.Advance(0, 5, 40_000);

        Assert.Equal(["apply 5", "advance 40000"], _grain.Sent);
        Assert.Equal(0, _local.Position);
    }

    [Fact]
    public async Task A_slice_is_a_message_during_a_turn_of_the_activation()
    {
        _locals.Add("cpu", _local);
        using (_local.BeginTurn())
        {
            using (_local.BeginTurn())
            {
                await _link.Apply(Slice(5));
            }

            await _link.Advance(0, 5, 40_000);
        }

        Assert.Equal(["apply 5", "advance 40000"], _grain.Sent);
        Assert.True((await _link.Apply(Slice(6))).Applied);
        Assert.Equal(6, _local.Position);
    }

    [Fact]
    public async Task An_aggregator_that_is_behind_is_passed_by()
    {
        _locals.Add("cpu", _local);

        await _link.Apply(Slice(7, previous: 6));
        await _link.Advance(0, 6, 40_000);

        Assert.Equal(["apply 7", "advance 40000"], _grain.Sent);
    }

    [Fact]
    public async Task After_an_activation_has_ended_the_next_one_is_found()
    {
        _locals.Add("cpu", _local);
        await _link.Apply(Slice(1));
        _locals.Remove("cpu", _local);
        await _link.Apply(Slice(2));
        Assert.Equal(["apply 2"], _grain.Sent);

        var next = new LocalAggregator(new PersistentAggregator(new NoState(), AggregatorRun.CreateSettings(10_000, 10_000, 3), new SiloStatistics(), static () => { }));
        _locals.Add("cpu", next);
        _locals.Remove("cpu", _local);
        await _link.Apply(Slice(3));

        Assert.Equal(3, next.Position);
        Assert.Equal(1, _local.Position);
        Assert.Single(_grain.Sent);
    }

    [Fact]
    public async Task An_aggregator_here_that_is_ahead_of_its_grain_is_another_one_and_avoided()
    {
        _locals.Add("cpu", _local);
        await _link.Apply(Slice(5));

        _link.GrainIsAt(5);
        await _link.Apply(Slice(6));
        Assert.Empty(_grain.Sent);

        _link.GrainIsAt(5);
        await _link.Apply(Slice(7));
        await _link.Apply(Slice(8));
        Assert.Equal(["apply 7", "apply 8"], _grain.Sent);
    }

    [Fact]
    public async Task What_fails_fails_the_task()
    {
        _locals.Add("cpu", _local);

        var damaged = _link.Apply(Slice(1) with { Bytes = new byte[3] });

        await Assert.ThrowsAnyAsync<Exception>(damaged.AsTask);
        Assert.Empty(_grain.Sent);
        Assert.True((await _link.Apply(Slice(2))).Applied);
    }

    [Fact]
    public async Task There_is_never_more_than_one_at_work()
    {
        const int Slices = 20_000;
        _locals.Add("cpu", _local);
        var (turns, direct) = (0, 0);
        var partition = Task.Run(async () =>
        {
            for (var position = 1; position <= Slices; position++)
            {
                var slice = Slice(position);
                if (_local.TryApply(slice, out _))
                {
                    direct++;
                }
                else
                {
                    // What the message does.
                    await Task.Yield();
                    using var turn = _local.BeginTurn();
                    lock (_grain)
                    {
                        _aggregator.Apply(slice);
                    }
                }
            }
        });
        while (!partition.IsCompleted)
        {
            using var turn = _local.BeginTurn();
            lock (_grain)
            {
                // A slice that went in meanwhile would be seen half done.
                var counters = _aggregator.Windows.Counters;
                var position = _aggregator.Windows.Position;
                Assert.Equal(position, counters.Processed);
                Assert.Equal(position, _aggregator.Windows.Position);
            }

            turns++;
        }

        await partition;
        Assert.Equal(Slices, _aggregator.Windows.Counters.Processed);
        Assert.InRange(direct, 1, Slices);
        Assert.InRange(turns, 1, int.MaxValue);
    }

    private static MetricSlice Slice(long position, long previous = 0) => new()
    {
        Position = position,
        Previous = previous,
        Watermark = 30_000,
        Bytes = new TestSlice([new TestPoint(7, position, 30_000)], []).ToBytes(),
    };

    private sealed class SentSlices : IAggregatorIngestGrain
    {
        public List<string> Sent { get; } = [];

        public ValueTask<AggregatorStatus> Apply(MetricSlice slice) => Answer($"apply {slice.Position}");

        public ValueTask<AggregatorStatus> Advance(long begin, long previous, long watermark) => Answer($"advance {watermark}");

        public Task<AggregatorStatus> Flush() => throw new NotSupportedException();

        public Task Forget(long through) => throw new NotSupportedException();

        public ValueTask<HistoryView> GetHistory(long from, long to) => throw new NotSupportedException();

        public ValueTask<AggregatorStatus> GetStatus() => throw new NotSupportedException();

        private ValueTask<AggregatorStatus> Answer(string what)
        {
            Sent.Add(what);
            return new(default(AggregatorStatus));
        }
    }

    private sealed class NoState : IPersistentState<SnapshotState>
    {
        public SnapshotState State { get; set; } = new();

        public string? Etag => null;

        public bool RecordExists => false;

        public Task ReadStateAsync() => Task.CompletedTask;

        public Task WriteStateAsync() => throw new NotSupportedException();

        public Task ClearStateAsync() => throw new NotSupportedException();
    }
}
