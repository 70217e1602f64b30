using Microsoft.Extensions.Options;

namespace OrleansMetrics.Silo.Hosting;

/// <summary>
/// Keeps a data directory to one node: two would each aggregate the whole log and fight over the snapshots. The system lets go of
/// it when the process ends, however it ends.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    /// <exception cref="InvalidOperationException">Another node uses the directory.</exception>
    public DirectoryLock(IOptions<StorageOptions> storage)
    {
        var directory = storage.Value.Directory;
        try
        {
            _file = new FileStream(Path.Combine(directory, "node.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException(
                $"Storage:Directory '{Path.GetFullPath(directory)}' is in use by another node; each needs a directory of its own.", exception);
        }
    }

    public void Dispose() => _file.Dispose();
}
