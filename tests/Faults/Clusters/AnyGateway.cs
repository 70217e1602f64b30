using OrleansMetrics.Faults.Load;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>Each try goes through a gateway drawn for it: a repeat mostly through another one than the request.</summary>
internal sealed class AnyGateway(IReadOnlyList<IRequestSender> gateways, int seed) : IRequestSender
{
    private readonly Random _random = new(seed);

    /// <inheritdoc />
    public Task<SendResult> SendAsync(SentRequest request) => Draw().SendAsync(request);

    /// <inheritdoc />
    public Task<SendResult> SendAndHangUpAsync(SentRequest request, bool whole) => Draw().SendAndHangUpAsync(request, whole);

    private IRequestSender Draw()
    {
        lock (_random)
        {
            return gateways[_random.Next(gateways.Count)];
        }
    }
}
