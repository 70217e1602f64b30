using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Streams.PointLog;

namespace OrleansMetrics.Grains.Tests.Protocol;

/// <summary>What was once appended, and what became of it.</summary>
internal sealed record LoggedRecord(LogRecord Record, int Points, IReadOnlyDictionary<string, SentSlice> Slices)
{
    public bool IsPoison { get; init; }

    public bool IsGap { get; init; }

    /// <summary>The log had it and has it no more, although it was not trimmed.</summary>
    public bool Lost { get; set; }

    /// <summary>Lost with the end of the log, so that the log does not count its points any more.</summary>
    public bool LostWithTail { get; set; }
}

/// <summary>A slice as it was appended: its number is the name of a series with just one point.</summary>
internal sealed record SentSlice(int Number, ReadOnlyMemory<byte> Bytes, int Points);

/// <summary>The log of one partition, in memory.</summary>
internal sealed class SimulatedLog
{
    private readonly SortedList<long, LoggedRecord> _held = [];
    private long _lastGap;

    /// <summary>Everything ever appended, by position.</summary>
    public SortedList<long, LoggedRecord> History { get; } = [];

    public LogHead Head { get; private set; }

    public LoggedRecord Append(byte[] payload, int points, long now, IReadOnlyDictionary<string, SentSlice> slices, bool poison = false, long? position = null)
    {
        var record = new LogRecord(position ?? Head.Position + 1, Math.Max(now, Head.IngestedAt), Head.PointsThrough + points, payload);
        var logged = new LoggedRecord(record, points, slices) { IsPoison = poison, IsGap = position is not null };
        History.Add(record.Position, logged);
        _held.Add(record.Position, logged);
        Head = Head with { Position = record.Position, PointsThrough = record.PointsThrough, IngestedAt = record.IngestedAt };
        return logged;
    }

    public IReadOnlyList<LogRecord> Read(long after, int max) =>
        _held.Where(pair => pair.Key > after).Take(max).Select(static pair => pair.Value.Record).ToArray();

    public void Trim(long upTo)
    {
        Assert.True(upTo <= Head.Position, $"trim to {upTo} beyond the head {Head.Position}");
        foreach (var position in _held.Keys.TakeWhile(position => position <= upTo).ToList())
        {
            _held.Remove(position);
        }

        Head = Head with { TrimmedTo = Math.Max(Head.TrimmedTo, upTo) };
    }

    /// <summary>The log was not closed properly: it may have lost its newest records, and goes on beyond anything it can have given out.</summary>
    /// <returns>The records lost now.</returns>
    public IReadOnlyList<LoggedRecord> Reopen(int lose, long now)
    {
        // A gap that is written stays: the log gives out nothing beyond before it is durable.
        var tail = _held.Keys.Where(position => position > _lastGap).TakeLast(lose).ToList();
        var last = tail.Count == 0 ? Head.Position : tail[0] - 1;
        var lost = new List<LoggedRecord>();
        var lostPoints = 0;
        foreach (var (_, record) in History.Where(pair => pair.Key > last && pair.Key <= Head.Position))
        {
            lost.Add(record);
            record.Lost = record.LostWithTail = true;
            lostPoints += record.Points;
            _held.Remove(record.Record.Position);
        }

        Head = Head with { Position = last, PointsThrough = Head.PointsThrough - lostPoints };
        _lastGap = last + LogGap.Distance;
        Append(LogGap.Create(last), 0, now, new Dictionary<string, SentSlice>(), position: _lastGap);
        return lost;
    }

    /// <summary>A record cannot be read any more.</summary>
    public bool Damage(int index, bool newest)
    {
        var candidates = _held.Values.Where(static record => !record.IsGap).ToList();
        if (candidates.Count == 0)
        {
            return false;
        }

        var record = newest ? candidates[^1] : candidates[index % candidates.Count];
        record.Lost = true;
        _held.Remove(record.Record.Position);
        return true;
    }

    public LoggedRecord? Next(long after) => _held.Values.FirstOrDefault(record => record.Record.Position > after);

    public LoggedRecord? Any(int index) => _held.Count == 0 ? null : _held.Values[index % _held.Count];
}

/// <summary>The log as one activation sees it: every call is a step of the simulation.</summary>
internal sealed class SimulatedLogPort(Simulation simulation, SimulatedActivation owner) : IPointLog
{
    public int Partitions => 1;

    public async ValueTask AppendAsync(IReadOnlyList<LogAppend> appends, CancellationToken cancellationToken)
    {
        // A log does not throw: what failed is in the status, and may be in the log nevertheless.
        try
        {
            await simulation.Call(owner, "append a heartbeat", () =>
            {
                simulation.Seen("heartbeat");
                foreach (var append in appends)
                {
                    Assert.True(PointBatch.TryParse(append.Payload, out var batch, out _) && batch.Points == 0);
                    append.Position = simulation.Log.Append(append.Payload.ToArray(), 0, simulation.Now, new Dictionary<string, SentSlice>()).Record.Position;
                }

                return Task.FromResult(true);
            });
            appends[0].Status = AppendStatus.Appended;
        }
        catch (SimulatedFaultException exception)
        {
            appends[0].Status = AppendStatus.Failed;
            appends[0].Error = exception;
        }
    }

    public async ValueTask<IReadOnlyList<LogRecord>> ReadAsync(int partition, long after, int maxBytes, CancellationToken cancellationToken) =>
        await simulation.Call(owner, $"read the log after {after}", () => Task.FromResult(simulation.Log.Read(after, simulation.Random.Next(1, 8))));

    public ValueTask WaitAsync(int partition, long after, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<LogHead> GetHeadAsync(int partition, CancellationToken cancellationToken) => simulation.Looking
        ? ValueTask.FromResult(simulation.Log.Head)
        : new(simulation.Call(owner, "look at the head of the log", () => Task.FromResult(simulation.Log.Head)));

    public async ValueTask TrimAsync(int partition, long upTo, CancellationToken cancellationToken) => await simulation.Call(owner, $"trim to {upTo}", () =>
    {
        simulation.Model.Trimming(upTo);
        simulation.Log.Trim(upTo);
        simulation.Seen("trim");
        return Task.FromResult(true);
    });

    public async ValueTask SetAsideAsync(int partition, LogRecord record, string reason, CancellationToken cancellationToken) =>
        await simulation.Call(owner, $"set {record.Position} aside", () => Task.FromResult(true));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
