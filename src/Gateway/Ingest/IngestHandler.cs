using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;
using OrleansMetrics.Gateway.Protocols.Influx;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>
/// Takes the points of one request: reads the whole body, hands the valid points to the log, answers when they are durable.
/// Of a body that breaks off nothing is taken. Nothing that a sender posts makes it throw.
/// </summary>
internal sealed class IngestHandler(
    IngestGate gate,
    InFlightBudget budget,
    ObjectPool<IngestRequest> requests,
    IPointBatcher batcher,
    IngestStatistics statistics,
    GatewayInstruments instruments,
    SeriesOverflow overflow,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<IngestHandler> logger)
{
    private readonly IngestOptions _options = options.Value;

    public async Task HandleAsync(HttpContext context, IngestProtocol protocol)
    {
        var started = time.GetTimestamp();
        using var reservation = budget.Begin();
        var request = requests.Get();
        var answer = await AnswerAsync(context, protocol, request, reservation);
        if (!gate.IsOpen)
        {
            // On the way out: the sender's next request belongs on another connection.
            context.Response.Headers.Connection = "close";
        }

        await answer.WriteAsync(context, request.Report);

        // After a failure the batcher may still hold the points.
        if (!answer.IsFailure)
        {
            requests.Return(request);
        }

        instruments.RequestAnswered(protocol, answer.Status, time.GetElapsedTime(started));
    }

    private async ValueTask<IngestAnswer> AnswerAsync(
        HttpContext context, IngestProtocol protocol, IngestRequest request, InFlightReservation reservation)
    {
        if (!gate.IsOpen)
        {
            return IngestAnswer.GateClosed;
        }

        if (!IdempotencyKey.TryRead(context.Request.Headers[IdempotencyKey.Header], out var key))
        {
            return IngestAnswer.InvalidKey;
        }

        TimestampPrecision? precision = null;
        if (protocol == IngestProtocol.LineProtocol)
        {
            if (!TimestampPrecisions.TryParse(context.Request.Query["precision"], out var unit))
            {
                return IngestAnswer.UnknownPrecision;
            }

            precision = unit;
        }

        var status = await ReadAsync(context, precision, key, request, reservation);
        switch (status)
        {
            case BodyStatus.Complete:
                return await SubmitAsync(request);
            case BodyStatus.Overloaded:
                statistics.RequestOverloaded();
                return IngestAnswer.Overloaded;
            case BodyStatus.TooLarge:
                return IngestAnswer.TooLarge(_options.MaxBodyBytes);
            case BodyStatus.UnknownEncoding:
                return IngestAnswer.UnknownEncoding;
            case BodyStatus.Corrupt:
                return IngestAnswer.Corrupt;
            case BodyStatus.TimedOut when !context.RequestAborted.IsCancellationRequested:
                return IngestAnswer.TimedOut;
            default:
                return IngestAnswer.BrokenOff;
        }
    }

    private async ValueTask<BodyStatus> ReadAsync(
        HttpContext context, TimestampPrecision? precision, byte[]? key, IngestRequest request, InFlightReservation reservation)
    {
        LiftServerLimits(context);
        if (!ContentDecoding.TryDecode(context.Request, out var body))
        {
            return BodyStatus.UnknownEncoding;
        }

        var isPlain = ReferenceEquals(body, context.Request.BodyReader);
        if (isPlain && context.Request.ContentLength > _options.MaxBodyBytes)
        {
            return BodyStatus.TooLarge;
        }

        using var timeout = new CancellationTokenSource(_options.MaxReadTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            var parser = request.Begin(precision, time.GetUtcNow().ToUnixTimeMilliseconds(), batcher.DefinitionPeriod);
            var hash = key is null ? null : request.BeginHash();
            var status = await BodyReading.ReadAsync(body, parser, request.Points, hash, reservation, _options.MaxBodyBytes, either.Token);
            if (key is not null && status == BodyStatus.Complete)
            {
                request.SetKey(key, precision);
            }

            return status;
        }
        finally
        {
            if (!isPlain)
            {
                await body.CompleteAsync();
            }
        }
    }

    /// <summary>Hands the points to the log. Not cancelled with the request: its points are durable or not, and that is counted.</summary>
    private async ValueTask<IngestAnswer> SubmitAsync(IngestRequest request)
    {
        request.Report.AddTo(statistics);
        var points = request.Points.Count;
        var isRepeatable = request.Points.Key is not null;
        var status = points == 0 ? SubmitStatus.Appended : await SubmitOrFailAsync(request.Points);
        switch (status)
        {
            case SubmitStatus.Appended or SubmitStatus.Repeated:
                // The batcher has counted them.
                var answer = request.Report.Rejected == 0 ? IngestAnswer.Stored : IngestAnswer.PartlyStored(request.Report, points);
                return answer with { Replayed = status == SubmitStatus.Repeated, Overflow = overflow.Of(request.Points) };
            case SubmitStatus.Full:
                statistics.RequestOverloaded();
                return IngestAnswer.Overloaded;
            case SubmitStatus.Closed:
                return IngestAnswer.GateClosed;
            default:
                return isRepeatable ? IngestAnswer.FailedRepeatable : IngestAnswer.Failed;
        }
    }

    private async ValueTask<SubmitStatus> SubmitOrFailAsync(RequestPoints points)
    {
        try
        {
            return await batcher.SubmitAsync(points, CancellationToken.None);
        }
        catch (Exception e)
        {
            IngestLog.SubmitThrew(logger, points.Count, e);
            return SubmitStatus.Failed;
        }
    }

    /// <summary>The limits of <see cref="IngestOptions"/> take the place of Kestrel's 30 MB and 240 bytes a second.</summary>
    internal static void LiftServerLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }
}
