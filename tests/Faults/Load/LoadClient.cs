namespace OrleansMetrics.Faults.Load;

/// <summary>Sends one request after the other, each in the manner drawn for it, until it is told to stop.</summary>
internal sealed class LoadClient(RequestGenerator generator, IRequestSender sender, SentRequests requests, LoadPace pace, int seed)
{
    private const int MaxRemembered = 200;

    private readonly Random _random = new(seed);
    private readonly List<SentRequest> _repeatable = [];

    public async Task RunAsync()
    {
        while (!pace.IsOver)
        {
            await SendAsync(generator.Next());
            if (_repeatable.Count > 0 && _random.Next(10) == 0)
            {
                // Acknowledged long ago, perhaps by a process that is dead: whatever this is answered, it must not be counted again.
                await TryAsync(_repeatable[_random.Next(_repeatable.Count)]);
            }

            await pace.PauseAsync(_random);
        }
    }

    private async Task SendAsync(SentRequest request)
    {
        switch (request.Manner)
        {
            case RequestManner.Once:
                await TryAsync(request);
                break;
            case RequestManner.UntilAcknowledged:
                await TryUntilAcknowledgedAsync(request);
                break;
            case RequestManner.GivenUp:
                if (!await TryAsync(request))
                {
                    await TryAsync(request);
                }

                break;
            case RequestManner.TwiceAtOnce:
                await Task.WhenAll(TryUntilAcknowledgedAsync(request), TryUntilAcknowledgedAsync(request));
                break;
            default:
                requests.Tried(request, await sender.SendAndHangUpAsync(request, whole: request.Manner == RequestManner.Abandoned));
                break;
        }

        if (request is { Key: not null, IsAcknowledged: true } && _repeatable.Count < MaxRemembered)
        {
            _repeatable.Add(request);
        }
    }

    private async Task TryUntilAcknowledgedAsync(SentRequest request)
    {
        while (!await TryAsync(request))
        {
            if (pace.IsCutOff)
            {
                return;
            }

            await pace.BackOffAsync();
        }
    }

    private async Task<bool> TryAsync(SentRequest request)
    {
        var result = await sender.SendAsync(request);
        requests.Tried(request, result);
        return result == SendResult.Acknowledged;
    }
}
