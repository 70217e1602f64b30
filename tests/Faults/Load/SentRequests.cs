using System.Collections.Concurrent;

namespace OrleansMetrics.Faults.Load;

/// <summary>The clients' ledger: every request, what is known of it, and everything that was answered wrongly. The pace of a schedule.</summary>
internal sealed class SentRequests
{
    private readonly ConcurrentQueue<SentRequest> _requests = new();
    private int _ids;
    private int _acknowledged;
    private int _refused;

    /// <summary>Answers and events that break a promise by themselves.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    public IReadOnlyCollection<SentRequest> All => _requests;

    /// <summary>Requests acknowledged so far.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Tries that were answered and not acknowledged.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public int NextId() => Interlocked.Increment(ref _ids);

    public void Add(SentRequest request) => _requests.Enqueue(request);

    public void Tried(SentRequest request, SendResult result)
    {
        if (request.Tried(result))
        {
            Interlocked.Increment(ref _acknowledged);
        }
    }

    public void WasRefused() => Interlocked.Increment(ref _refused);

    public override string ToString()
    {
        var uncertain = _requests.Count(static request => !request.IsAcknowledged && request.MayBeCounted);
        var refused = _requests.Count(static request => !request.IsAcknowledged && !request.MayBeCounted);
        return $"{_requests.Count} requests, {_requests.Sum(static request => request.Points.Count)} points: "
            + $"{Acknowledged} acknowledged, {uncertain} unanswered, {refused} refused; {Refused} refusals";
    }
}
