using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace OrleansMetrics.Persistence.Sqlite;

/// <summary>
/// Grain state in a SQLite file, one row per state. A write is there whole or not at all, whatever process is killed, and once completed
/// survives power loss too: every commit waits for the disk. The ETag is
/// compared by the statement that writes, so that of two writers that read the same state one gets an
/// <see cref="InconsistentStateException"/>, in one process or in several on the same machine.
/// </summary>
/// <remarks>
/// Writes that wait at the same time are committed together on one thread; when <see cref="SqliteGrainStorageOptions.MaxQueuedWrites"/>
/// wait, further ones wait their turn. Reads run beside writes. An error of the store (disk full, locked) is thrown as it is,
/// a <see cref="Microsoft.Data.Sqlite.SqliteException"/>; nothing was written then.
/// </remarks>
public sealed class SqliteGrainStorage : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly string _name;
    private readonly string _serviceId;
    private readonly SqliteGrainStorageOptions _options;
    private readonly IActivatorProvider _activators;
    private readonly ILogger _logger;
    private StateWriter? _writer;
    private StateReaders? _readers;

    /// <summary>Makes a provider; <see cref="Open"/> must follow.</summary>
    /// <param name="name">The provider's name, for messages.</param>
    /// <param name="serviceId">Part of the key: clusters with another service id may share the file.</param>
    /// <param name="options">Valid options with a serializer.</param>
    /// <param name="activators">Makes the state of a grain that has none.</param>
    /// <param name="logger">Told of errors of the store.</param>
    public SqliteGrainStorage(
        string name, string serviceId, SqliteGrainStorageOptions options, IActivatorProvider activators, ILogger<SqliteGrainStorage> logger)
    {
        _name = name;
        _serviceId = serviceId;
        _options = options;
        _activators = activators;
        _logger = logger;
    }

    /// <summary>Transactions committed.</summary>
    public long Commits => _writer?.Commits ?? 0;

    /// <summary>Transactions that failed.</summary>
    public long StoreErrors => _writer?.StoreErrors ?? 0;

    /// <summary>Opens the file, creating it when there is none. Blocks for some milliseconds. Idempotent.</summary>
    /// <exception cref="InvalidOperationException">The file's schema is of a version that this one does not know.</exception>
    public void Open()
    {
        if (_writer is not null)
        {
            return;
        }

        var database = new StateDatabase(_options);
        database.CreateOrVerify();
        _readers = new StateReaders(database, _options.MaxConcurrentReads);
        _writer = new StateWriter(database, _options, _logger);
    }

    /// <summary>Opens the file before any grain is active and closes it after the last one.</summary>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        $"{nameof(SqliteGrainStorage)}-{_name}",
        ServiceLifecycleStage.ApplicationServices,
        _ =>
        {
            Open();
            return Task.CompletedTask;
        },
        _ => DisposeAsync().AsTask());

    /// <inheritdoc />
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>Reads state, ETag and whether a record exists; without one the state is new and the ETag null.</summary>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var readers = _readers ?? throw NotOpen();
        if (await readers.ReadAsync(Key(stateName, grainId), cancellationToken) is { } found)
        {
            grainState.State = _options.GrainStorageSerializer.Deserialize<T>(new BinaryData(found.Payload))!;
            grainState.ETag = found.ETag;
            grainState.RecordExists = true;
        }
        else
        {
            Reset(grainState);
        }
    }

    /// <inheritdoc />
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>Writes the state if the stored ETag is still the grain's, and gives it a new one. Cancellable until the write is queued.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored; carries both. Nothing was written.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var writer = _writer ?? throw NotOpen();
        var etag = Guid.NewGuid().ToString("N");
        var result = await writer.WriteAsync(
            () => new StateWrite(
                Key(stateName, grainId), grainState.ETag, etag, _options.GrainStorageSerializer.Serialize(grainState.State).ToArray()),
            cancellationToken);
        if (!result.Done)
        {
            throw Conflict("write", stateName, grainId, result.StoredETag, grainState.ETag);
        }

        grainState.ETag = etag;
        grainState.RecordExists = true;
    }

    /// <inheritdoc />
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    /// <summary>Removes the record if the stored ETag is still the grain's. Cancellable until it is queued.</summary>
    /// <exception cref="InconsistentStateException">Another ETag is stored; carries both. Nothing was removed.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var writer = _writer ?? throw NotOpen();
        var result = await writer.WriteAsync(
            () => new StateWrite(Key(stateName, grainId), grainState.ETag, newETag: "", payload: null), cancellationToken);
        if (!result.Done)
        {
            throw Conflict("clear", stateName, grainId, result.StoredETag, grainState.ETag);
        }

        Reset(grainState);
    }

    /// <summary>Does the writes that wait and closes the file. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_writer is { } writer && _readers is { } readers)
        {
            await writer.DisposeAsync();
            await readers.DisposeAsync();
        }
    }

    private InconsistentStateException Conflict(string operation, string stateName, GrainId grainId, string? storedETag, string? currentETag) =>
        new(
            $"Version conflict on {operation} in '{_name}': state '{stateName}' of {grainId} has ETag {storedETag ?? "(no record)"}, expected {currentETag ?? "(no record)"}.",
            storedETag,
            currentETag);

    private InvalidOperationException NotOpen() => new($"The grain storage '{_name}' is not open yet.");

    private StateKey Key(string stateName, GrainId grainId) => new(_serviceId, grainId.ToString(), stateName);

    private void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = _activators.GetActivator<T>().Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }
}
