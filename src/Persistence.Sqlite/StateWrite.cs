namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>A write or clear that waits for the commit thread. Completes off that thread.</summary>
/// <param name="key">Which state.</param>
/// <param name="expectedETag">The ETag that the record must have; null: there must be no record.</param>
/// <param name="newETag">The ETag that the record gets.</param>
/// <param name="payload">The state; null: delete the record.</param>
internal sealed class StateWrite(StateKey key, string? expectedETag, string newETag, byte[]? payload)
    : TaskCompletionSource<StateWriteResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StateKey Key { get; } = key;

    public string? ExpectedETag { get; } = expectedETag;

    public string NewETag { get; } = newETag;

    public byte[]? Payload { get; } = payload;

    public StateWriteResult Result { get; set; }
}
