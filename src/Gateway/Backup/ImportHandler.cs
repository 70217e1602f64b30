using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Gateway.Ingest;
using OrleansMetrics.Gateway.Queries;

namespace OrleansMetrics.Gateway.Backup;

/// <summary>Takes windows of a metric: reads lines, and gives them to the cluster piece by piece while more are read.</summary>
internal sealed class ImportHandler(IGrainFactory grains, IngestGate gate, InFlightBudget budget, IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>What a request takes in memory, more or less.</summary>
    private const long ReservedBytes = 32 << 20;

    private readonly IngestOptions _options = options.Value;

    public async Task<IResult> HandleAsync(string metric, HttpContext context)
    {
        var report = new ImportReport();
        var name = MetricName.Read(context, metric, segmentsAfter: 1);
        if (!MetricName.IsPossible(name))
        {
            return report.Problem(StatusCodes.Status400BadRequest, "Invalid metric", "The metric has no name, or one that is too long or has control characters.");
        }

        using var reservation = budget.Begin();
        if (!gate.IsOpen || !reservation.TryGrowTo(Math.Min(ReservedBytes, _options.MaxBodyBytes)))
        {
            return Later(context, report);
        }

        IngestHandler.LiftServerLimits(context);
        if (!ContentDecoding.TryDecode(context.Request, out var body))
        {
            return report.Problem(StatusCodes.Status415UnsupportedMediaType, "Unsupported content encoding", "The body may be sent plain, as gzip or as deflate (zlib).");
        }

        try
        {
            return await ReadAsync(name, context, body, report);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return report.Problem(StatusCodes.Status408RequestTimeout, "Body too slow", "The body did not arrive in time.");
        }
        catch (Exception exception) when (exception is InvalidDataException or BadHttpRequestException or IOException)
        {
            return report.Problem(StatusCodes.Status400BadRequest, "Incomplete body", "The body ended too early, is framed wrongly or is not what its Content-Encoding says.");
        }
        finally
        {
            if (!ReferenceEquals(body, context.Request.BodyReader))
            {
                await body.CompleteAsync();
            }
        }
    }

    private async Task<IResult> ReadAsync(string metric, HttpContext context, PipeReader body, ImportReport report)
    {
        var (piece, kind, number, total) = (new ImportPiece(), (MetricKind?)null, 0L, 0L);
        while (true)
        {
            var result = await ReadSomeAsync(body, context);
            var (buffer, before) = (result.Buffer, result.Buffer.Length);
            while (TryTakeLine(ref buffer, result.IsCompleted, out var text))
            {
                number++;
                if (ReadLine(text, number, metric, ref kind, report) is not { } line)
                {
                    continue;
                }

                if (piece.IsFullBefore(line))
                {
                    if (await ImportAsync(metric, kind!.Value, piece, context, report) is { } refusal)
                    {
                        return refusal;
                    }

                    piece = new ImportPiece();
                }

                piece.Add(line, number, text.Length);
            }

            total += before - buffer.Length;
            if (total + buffer.Length > _options.MaxBodyBytes || buffer.Length > _options.MaxLineBytes)
            {
                return report.Problem(
                    StatusCodes.Status413PayloadTooLarge, "Body too large", $"A body may have {_options.MaxBodyBytes} bytes after decompression, a line {_options.MaxLineBytes}.");
            }

            body.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return (piece.IsEmpty ? null : await ImportAsync(metric, kind!.Value, piece, context, report)) ?? report.Complete();
            }
        }
    }

    private async ValueTask<ReadResult> ReadSomeAsync(PipeReader body, HttpContext context)
    {
        using var timeout = new CancellationTokenSource(_options.MaxReadTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        return await body.ReadAsync(either.Token);
    }

    private static ImportLine? ReadLine(ReadOnlySequence<byte> text, long number, string metric, ref MetricKind? kind, ImportReport report)
    {
        if (text.IsEmpty || (text.Length == 1 && text.FirstSpan[0] == '\r'))
        {
            return null;
        }

        if (ImportLine.Parse(text, out var error) is not { } line)
        {
            report.Reject(number, "malformed", error);
            return null;
        }

        if (line.Metric is not null && line.Metric != metric)
        {
            report.Reject(number, "other_metric", "The line is of another metric than the path names.");
            return null;
        }

        kind ??= line.Kind ?? MetricKind.Gauge;
        if (line.Kind is { } named && named != kind)
        {
            report.Reject(number, "kind_conflict", "The line names another kind than a line before.");
            return null;
        }

        return line;
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        if (!isLast || buffer.IsEmpty)
        {
            return false;
        }

        buffer = buffer.Slice(buffer.End);
        return true;
    }

    /// <summary>Null when the windows were judged.</summary>
    private async Task<IResult?> ImportAsync(string metric, MetricKind kind, ImportPiece piece, HttpContext context, ImportReport report)
    {
        var result = await grains.GetGrain<IBackupGrain>(metric).Import(piece.ToImport(kind), context.RequestAborted);
        report.Add(result, piece);
        return result.Status switch
        {
            ImportStatus.Done => null,
            ImportStatus.KindConflict => report.Problem(
                StatusCodes.Status409Conflict, "Kind conflict", $"The metric is a {result.Kind.Name()}, the windows are of a {kind.Name()}."),
            ImportStatus.NoHistory => report.Problem(StatusCodes.Status409Conflict, "No history", "No history is kept of this metric: History:Enabled, History:Metrics."),
            _ => Later(context, report),
        };
    }

    private static IResult Later(HttpContext context, ImportReport report)
    {
        context.Response.Headers.RetryAfter = "1";
        return report.Problem(StatusCodes.Status503ServiceUnavailable, "Busy", "The windows cannot be taken now. Send the same again: what is there is not imported twice.");
    }
}
