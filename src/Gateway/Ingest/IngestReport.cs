using System.Text;
using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Ingest;

/// <summary>What a request's body held besides valid points. Reused from request to request; used by one thread at a time.</summary>
public sealed class IngestReport
{
    /// <summary>Errors listed; further ones are only counted.</summary>
    public const int MaxErrors = 100;

    /// <summary>Bytes shown of a refused line.</summary>
    public const int MaxTextBytes = 64;

    private readonly long[] _rejected = new long[RejectReasonNames.Count];
    private readonly List<IngestError> _errors = [];

    /// <summary>Points in the body, good and bad. A line that is refused whole for its grammar counts as one.</summary>
    public long Received { get; private set; }

    /// <summary>Points refused.</summary>
    public long Rejected { get; private set; }

    /// <summary>String fields left out.</summary>
    public long IgnoredFields { get; private set; }

    /// <summary>The first errors, in the order of the body.</summary>
    public IReadOnlyList<IngestError> Errors => _errors;

    /// <summary>Points refused for a reason.</summary>
    public long RejectedFor(RejectReason reason) => _rejected[(int)reason];

    /// <summary>Counts valid points.</summary>
    public void Accept(int points) => Received += points;

    /// <summary>Counts string fields.</summary>
    public void Ignore(int fields) => IgnoredFields += fields;

    /// <summary>Counts a point refused, and lists the error while there is room.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">Why, for a person.</param>
    /// <param name="line">Line of the body, from 1.</param>
    /// <param name="index">Place of the element, for JSON.</param>
    /// <param name="text">The line or element.</param>
    /// <param name="field">The field that is meant, if it is one of several.</param>
    public void Reject(
        RejectReason reason, string message, long line, long? index, ReadOnlySpan<byte> text, ReadOnlySpan<byte> field = default)
    {
        Received++;
        Rejected++;
        _rejected[(int)reason]++;
        if (_errors.Count < MaxErrors)
        {
            var named = field.IsEmpty ? message : $"Field {Printable(field)}: {message}";
            _errors.Add(new IngestError(line, index, reason, named, Printable(text)));
        }
    }

    /// <summary>Adds the counts to those of the process.</summary>
    public void AddTo(IngestStatistics statistics)
    {
        statistics.PointsReceived(Received);
        statistics.FieldsIgnored(IgnoredFields);
        for (var reason = 0; reason < _rejected.Length && Rejected > 0; reason++)
        {
            if (_rejected[reason] > 0)
            {
                statistics.PointsRejected((RejectReason)reason, _rejected[reason]);
            }
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Received = 0;
        Rejected = 0;
        IgnoredFields = 0;
        Array.Clear(_rejected);
        _errors.Clear();
    }

    /// <summary>The first bytes as text; control characters and what is not UTF-8 become question marks.</summary>
    private static string Printable(ReadOnlySpan<byte> text)
    {
        var cut = text.Length > MaxTextBytes;
        var rest = cut ? text[..MaxTextBytes] : text;
        var printable = new StringBuilder(rest.Length);
        while (!rest.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(rest, out var rune, out var read);
            if (status == System.Buffers.OperationStatus.NeedMoreData && cut)
            {
                break;
            }

            printable.Append(status != System.Buffers.OperationStatus.Done || Rune.IsControl(rune) ? "?" : rune.ToString());
            rest = rest[read..];
        }

        return printable.ToString();
    }
}
