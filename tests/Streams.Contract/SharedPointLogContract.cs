using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Streams.Contract;

/// <summary>What a point log promises besides when several processes may have it open.</summary>
public abstract class SharedPointLogContract : PointLogContract
{
    [SkippableFact]
    public async Task Two_instances_of_a_log_stay_contiguous_and_see_each_others_records()
    {
        await using var one = await OpenAsync();
        await using var other = await OpenAsync();

        var appends = await Task.WhenAll(AppendConcurrentlyAsync(one, callers: 2, calls: 20), AppendConcurrentlyAsync(other, callers: 2, calls: 20));

        var all = appends.SelectMany(some => some).ToArray();
        await AssertContiguousAsync(one, all);
        await AssertContiguousAsync(other, all);
    }

    [SkippableFact]
    public async Task Two_instances_of_a_log_know_each_others_requests()
    {
        await using var one = await OpenAsync(KeyedLog());
        await using var other = await OpenAsync(KeyedLog());
        for (var i = 0; i < 6; i += 2)
        {
            await one.AppendAsync([Keyed(0, Key(i))], default);
            await other.AppendAsync([Keyed(0, Key(i + 1))], default);
        }

        Assert.Equal(Enumerable.Range(0, 6).Select(Key), await RepeatedAsync(one, 0, [.. Enumerable.Range(0, 9).Select(Key)]));
        Assert.Equal(Enumerable.Range(0, 6).Select(Key), await RepeatedAsync(other, 0, [.. Enumerable.Range(0, 9).Select(Key)]));
    }

    [SkippableFact]
    public async Task A_wait_ends_when_another_instance_appends_or_has_appended()
    {
        await using var log = await OpenAsync();
        await using var other = await OpenAsync();
        await other.AppendAsync([Append(0, 10)], default);

        await log.WaitAsync(0, 0, default).AsTask().WaitAsync(Patience);

        var wait = log.WaitAsync(0, 1, default).AsTask();
        await other.AppendAsync([Append(0, 10)], default);
        await wait.WaitAsync(Patience);
        Assert.Equal(2, (await log.ReadAsync(0, 1, 100, default)).Single().Position);
    }
}
