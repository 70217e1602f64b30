using System.Globalization;

namespace OrleansMetrics.Cli.Load;

/// <summary>Finds the local process that listens on a port.</summary>
internal static class ListenerProcess
{
    private const string ListenState = "0A";

    /// <summary>The process that listens where the address points, when that is this machine and the process may be seen; else null.</summary>
    public static int? Find(Uri address)
    {
        if (!address.IsLoopback || !OperatingSystem.IsLinux())
        {
            return null;
        }
        var sockets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (File.Exists(table))
            {
                sockets.UnionWith(ListeningInodes(File.ReadAllText(table), address.Port).Select(inode => $"socket:[{inode}]"));
            }
        }
        return sockets.Count == 0 ? null : Directory.EnumerateDirectories("/proc").Where(IsProcess).Where(process => Owns(process, sockets))
            .Select(process => (int?)int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture)).FirstOrDefault();
    }

    /// <summary>The sockets that listen on a port, from <c>/proc/net/tcp</c> or <c>tcp6</c>.</summary>
    public static IEnumerable<string> ListeningInodes(string table, int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in table.Split('\n').Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[3] == ListenState && fields[1].EndsWith(suffix, StringComparison.Ordinal))
            {
                yield return fields[9];
            }
        }
    }

    private static bool IsProcess(string directory) => Path.GetFileName(directory).All(char.IsAsciiDigit);

    private static bool Owns(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(descriptor => new FileInfo(descriptor).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or belongs to somebody else.
            return false;
        }
    }
}
