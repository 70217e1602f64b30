using System.Diagnostics.CodeAnalysis;

namespace OrleansMetrics.Persistence.Contract;

public sealed class SnapshotState(Snapshot? state = null, string? etag = null, bool recordExists = false) : IGrainState<Snapshot>
{
    [AllowNull]
    public Snapshot State { get; set => field = value ?? throw new ArgumentNullException(nameof(value)); } = state ?? new Snapshot();

    public string? ETag { get; set; } = etag;

    public bool RecordExists { get; set; } = recordExists;
}
