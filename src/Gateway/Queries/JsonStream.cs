using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>JSON written into a response in pieces of bounded size: a slow reader holds the writer back.</summary>
internal sealed class JsonStream(PipeWriter pipe) : IDisposable
{
    private const int FlushBytes = 32 * 1024;

    // Keeps names readable; still escapes what HTML would act on.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private long _flushed;

    /// <summary>Where to write.</summary>
    public Utf8JsonWriter Writer { get; } = new((IBufferWriter<byte>)pipe, Options);

    /// <summary>Writes elements of an array that is being written, past <see cref="Writer"/>, and sends what is 32 KiB or more.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="write">Writes from one on, with commas between; returns the first that it has not written.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask WriteElementsAsync(int count, Func<PipeWriter, int, int> write, CancellationToken cancellationToken)
    {
        Writer.Flush();
        for (var next = 0; next < count;)
        {
            next = write(pipe, next);
            if (!pipe.CanGetUnflushedBytes || pipe.UnflushedBytes >= FlushBytes)
            {
                await FlushAsync(cancellationToken);
            }
        }
    }

    /// <summary>Sends what has been written if it is 32 KiB or more. To be called after every element of a long array.</summary>
    public ValueTask FlushWhenLargeAsync(CancellationToken cancellationToken) =>
        Writer.BytesCommitted + Writer.BytesPending - _flushed < FlushBytes ? ValueTask.CompletedTask : FlushAsync(cancellationToken);

    /// <summary>Sends what has been written and waits until the reader has room for more.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        Writer.Flush();
        _flushed = Writer.BytesCommitted;
        await pipe.FlushAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose() => Writer.Dispose();
}
