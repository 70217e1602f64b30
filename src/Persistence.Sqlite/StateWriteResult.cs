namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>Whether a write was done, and if not, the ETag that is stored instead of the one expected (null: no record).</summary>
internal readonly record struct StateWriteResult(bool Done, string? StoredETag);
