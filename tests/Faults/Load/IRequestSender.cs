namespace OrleansMetrics.Faults.Load;

/// <summary>One try of a request: over HTTP, or through a gateway in this process.</summary>
internal interface IRequestSender
{
    /// <summary>Sends the request and waits for its answer.</summary>
    Task<SendResult> SendAsync(SentRequest request);

    /// <summary>Sends the request, or only a part of it, and hangs up.</summary>
    Task<SendResult> SendAndHangUpAsync(SentRequest request, bool whole);
}
