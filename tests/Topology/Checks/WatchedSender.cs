using OrleansMetrics.Faults.Load;

namespace OrleansMetrics.Topology.Checks;

/// <summary>Tells the watch of every write that was acknowledged.</summary>
internal sealed class WatchedSender(IRequestSender sender, AnswerWatch watch) : IRequestSender
{
    /// <inheritdoc />
    public async Task<SendResult> SendAsync(SentRequest request)
    {
        var result = await sender.SendAsync(request);
        if (result == SendResult.Acknowledged)
        {
            watch.WasWritten();
        }

        return result;
    }

    /// <inheritdoc />
    public Task<SendResult> SendAndHangUpAsync(SentRequest request, bool whole) => sender.SendAndHangUpAsync(request, whole);
}
