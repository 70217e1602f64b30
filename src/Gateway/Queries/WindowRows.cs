using System.Globalization;
using System.Text;
using OrleansMetrics.Contracts.Points;
using OrleansMetrics.Contracts.Windows;

namespace OrleansMetrics.Gateway.Queries;

/// <summary>
/// Writes windows straight out of their columns into the memory of the response, as elements of a JSON array or as lines of CSV. Names are encoded once for an answer. One thread at a time.
/// </summary>
internal sealed class WindowRows
{
    private readonly InstantText _instants = new();
    private readonly byte[] _start;
    private readonly byte[] _end;
    private readonly byte[] _final;
    private readonly byte[] _notFinal;
    private readonly WindowField[] _fields;
    private readonly byte[] _tail;
    private readonly bool _saysRevision;
    private readonly bool _isJson;
    private readonly int _maxRowBytes;

    private WindowRows(byte[] start, byte[] end, byte[] final, byte[] notFinal, WindowField[] fields, byte[] tail, bool isJson, bool saysRevision)
    {
        (_start, _end, _final, _notFinal, _fields, _tail, _isJson, _saysRevision) = (start, end, final, notFinal, fields, tail, isJson, saysRevision);
        _maxRowBytes = start.Length + end.Length + notFinal.Length + tail.Length + (2 * InstantText.MaxBytes) + (2 * NumberText.MaxBytes)
            + fields.Sum(static field => field.Head.Length + NumberText.MaxBytes);
    }

    private static ReadOnlySpan<byte> RevisionHead => ",\"revision\":"u8;

    /// <summary>Elements of a JSON array.</summary>
    /// <param name="members">Those wanted; null: all of the kind.</param>
    /// <param name="kind">What the metric is.</param>
    /// <param name="probabilities">Of the quantiles that windows have.</param>
    public static WindowRows Json(WindowMember[]? members, MetricKind kind, ReadOnlySpan<double> probabilities)
    {
        var instants = new InstantText();
        var null4 = "null"u8.ToArray();
        List<WindowField> fields = [.. (members ?? WindowMember.Of(kind)).Select(member => new WindowField(Encoding.UTF8.GetBytes($",\"{member.Name}\":"), member.Write, null4))];
        var tail = "";
        if (members is null)
        {
            fields.Add(new WindowField(",\"lastUpdated\":\""u8.ToArray(), (windows, i, into) => instants.Write(windows.Starts[i] + LastOffset(windows, i), into), null4));
            tail = "\"";
            if (kind != MetricKind.Set)
            {
                var separator = "\",\"quantiles\":{";
                foreach (var probability in probabilities)
                {
                    fields.Add(new WindowField(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{separator}\"{probability}\":")), WindowMember.Quantile(probability).Write, null4));
                    separator = ",";
                }

                tail = probabilities.IsEmpty ? separator + "}" : "}";
            }
        }

        return new WindowRows(
            "{\"start\":\""u8.ToArray(), "\",\"end\":\""u8.ToArray(), "\",\"final\":true"u8.ToArray(), "\",\"final\":false"u8.ToArray(),
            [.. fields], Encoding.UTF8.GetBytes(tail), isJson: true, saysRevision: members is null);
    }

    /// <summary>Lines of CSV of one series.</summary>
    /// <param name="head">The first cell, quoted.</param>
    /// <param name="members">The members.</param>
    public static WindowRows Csv(string head, WindowMember[] members) => new(
        Encoding.UTF8.GetBytes(head + ","), ","u8.ToArray(), ",true"u8.ToArray(), ",false"u8.ToArray(),
        [.. members.Select(static member => new WindowField(","u8.ToArray(), member.Write, []))], "\r\n"u8.ToArray(), isJson: false, saysRevision: false);

    /// <summary>Writes windows from one on, as many as fit into one piece of memory; returns the first that was not written.</summary>
    public int Write(System.IO.Pipelines.PipeWriter output, WindowColumns windows, int first)
    {
        var room = output.GetSpan(_maxRowBytes);
        var written = 0;
        for (; first < windows.Count && room.Length - written >= _maxRowBytes; first++)
        {
            written += WriteRow(windows, first, room[written..]);
        }

        output.Advance(written);
        return first;
    }

    private int WriteRow(WindowColumns windows, int index, Span<byte> into)
    {
        var written = 0;
        if (_isJson && index > 0)
        {
            into[written++] = (byte)',';
        }

        var start = windows.Starts[index];
        written += Copy(_start, into[written..]);
        written += _instants.Write(start, into[written..]);
        written += Copy(_end, into[written..]);
        written += _instants.Write(start + windows.Sizes[index], into[written..]);
        written += Copy(windows.Finals[index] != 0 ? _final : _notFinal, into[written..]);
        foreach (var field in _fields)
        {
            written += Copy(field.Head, into[written..]);
            var length = field.Write(windows, index, into[written..]);
            written += length > 0 ? length : Copy(field.Missing, into[written..]);
        }

        written += Copy(_tail, into[written..]);
        if (_saysRevision && !windows.Revisions.IsEmpty && windows.Revisions[index] is > 0 and var revision)
        {
            written += Copy(RevisionHead, into[written..]);
            written += NumberText.Write(revision, into[written..]);
        }

        if (_isJson)
        {
            into[written++] = (byte)'}';
        }

        return written;
    }

    private static int LastOffset(WindowColumns windows, int index) => windows.LastOffsets.IsEmpty ? 0 : windows.LastOffsets[index];

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> into)
    {
        bytes.CopyTo(into);
        return bytes.Length;
    }
}
