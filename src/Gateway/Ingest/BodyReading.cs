using System.IO.Hashing;
using System.IO.Pipelines;
using OrleansMetrics.Gateway.Protocols;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>Feeds a body to a parser as it comes, within the bounds of a request.</summary>
internal static class BodyReading
{
    /// <summary>Reads to the end of the body, or to the bound that it breaks.</summary>
    /// <param name="body">The body, decoded.</param>
    /// <param name="parser">Takes the pieces.</param>
    /// <param name="points">Where the parser puts the points.</param>
    /// <param name="hash">Given the bytes of the body too; null when nobody asks.</param>
    /// <param name="reservation">Grows with the body.</param>
    /// <param name="maxBytes">Longest body.</param>
    /// <param name="cancellationToken">Ends the wait for the sender.</param>
    public static async ValueTask<BodyStatus> ReadAsync(
        PipeReader body, IPointParser parser, RequestPoints points, XxHash128? hash, InFlightReservation reservation, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadPiecesAsync(body, parser, points, hash, reservation, maxBytes, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return BodyStatus.TimedOut;
        }
        catch (InvalidDataException)
        {
            return BodyStatus.Corrupt;
        }
        catch (BadHttpRequestException)
        {
            return BodyStatus.BrokenOff;
        }
        catch (IOException)
        {
            return BodyStatus.BrokenOff;
        }
    }

    private static async ValueTask<BodyStatus> ReadPiecesAsync(
        PipeReader body, IPointParser parser, RequestPoints points, XxHash128? hash, InFlightReservation reservation, long maxBytes, CancellationToken cancellationToken)
    {
        long total = 0;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            total += buffer.Length;
            if (total > maxBytes)
            {
                return BodyStatus.TooLarge;
            }

            if (!reservation.TryGrowTo(total))
            {
                return BodyStatus.Overloaded;
            }

            foreach (var piece in buffer)
            {
                parser.Append(piece.Span);
                hash?.Append(piece.Span);
            }

            body.AdvanceTo(buffer.End);
            if (!reservation.TryGrowTo(points.Bytes))
            {
                return BodyStatus.Overloaded;
            }

            if (result.IsCompleted)
            {
                parser.Complete();
                return BodyStatus.Complete;
            }
        }
    }
}
