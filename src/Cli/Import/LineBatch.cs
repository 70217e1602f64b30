using System.Buffers;

namespace OrleansMetrics.Cli.Import;

/// <summary>Lines of one metric that go to the node in one request.</summary>
internal sealed class LineBatch
{
    private const int Lines = 10_000;
    private const int MaxLines = 100_000;
    private const int TargetBytes = 4 << 20;
    private const int MaxBytes = 32 << 20;

    private readonly ArrayBufferWriter<byte> _body = new(1 << 16);
    private readonly List<long> _numbers = [];
    private string? _last;

    public long Bytes => _body.WrittenCount;

    public int Count => _numbers.Count;

    public ReadOnlyMemory<byte> Body => _body.WrittenMemory;

    /// <summary>
    /// Whether the batch is to be sent before a line. Windows of a series in an hour that follow each other stay together: only then does an import that was interrupted long ago go on without a gap.
    /// </summary>
    /// <param name="group">Series and hour of the line.</param>
    public bool IsFullBefore(string group) => Count >= MaxLines || Bytes >= MaxBytes || ((Count >= Lines || Bytes >= TargetBytes) && group != _last);

    /// <summary>Adds a line.</summary>
    /// <param name="line">UTF-8, without its end.</param>
    /// <param name="number">Its number in the file.</param>
    /// <param name="group">Its series and hour.</param>
    public void Add(ReadOnlySpan<byte> line, long number, string group)
    {
        _body.Write(line);
        _body.Write("\n"u8);
        _numbers.Add(number);
        _last = group;
    }

    /// <summary>The number in the file of a line of the request, from 1.</summary>
    public long NumberOf(long line) => line >= 1 && line <= _numbers.Count ? _numbers[(int)line - 1] : 0;
}
