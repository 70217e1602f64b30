using Microsoft.Extensions.Options;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>Reports all options of the provider that are out of range, at once.</summary>
/// <param name="providerName">The provider whose options to look at; others are left alone.</param>
public sealed class SqliteGrainStorageOptionsValidator(string providerName) : IValidateOptions<SqliteGrainStorageOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, SqliteGrainStorageOptions options)
    {
        if (name != providerName)
        {
            return ValidateOptionsResult.Skip;
        }

        var failures = new List<string>();
        Check(!string.IsNullOrWhiteSpace(options.Path), nameof(options.Path), "must name a file");
        Check(options.MaxQueuedWrites >= 1, nameof(options.MaxQueuedWrites), "must be at least 1");
        Check(options.MaxCommitBytes >= 1, nameof(options.MaxCommitBytes), "must be at least 1 byte");
        Check(options.CheckpointBytes is >= 1 << 20 and <= 1 << 30, nameof(options.CheckpointBytes), "must be between 1 MiB and 1 GiB");
        Check(options.MaxConcurrentReads is >= 1 and <= 64, nameof(options.MaxConcurrentReads), "must be between 1 and 64");
        Check(
            options.BusyTimeout >= TimeSpan.FromSeconds(1) && options.BusyTimeout <= TimeSpan.FromMinutes(10),
            nameof(options.BusyTimeout),
            "must be between 1 second and 10 minutes");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Check(bool holds, string option, string rule)
        {
            if (!holds)
            {
                failures.Add($"SQLite grain storage '{providerName}': {option} {rule}.");
            }
        }
    }
}
