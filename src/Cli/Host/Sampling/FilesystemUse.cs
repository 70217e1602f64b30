namespace OrleansMetrics.Cli.Host.Sampling;

/// <summary>Space of a mounted filesystem, in bytes.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Type">Kind of filesystem, such as <c>ext4</c>.</param>
/// <param name="Total">Size.</param>
/// <param name="Free">Not in use, what is reserved for root included.</param>
/// <param name="Available">What an ordinary user may still write.</param>
internal sealed record FilesystemUse(string Path, string Type, long Total, long Free, long Available)
{
    /// <summary>Filesystems that hold no user's data: what telegraf's example configuration ignores.</summary>
    private static readonly HashSet<string> PseudoTypes = new(StringComparer.Ordinal)
    {
        "tmpfs", "devtmpfs", "devfs", "iso9660", "overlay", "overlayfs", "aufs", "squashfs", "proc", "sysfs", "cgroup", "cgroup2", "cgroup2fs", "devpts",
        "mqueue", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "bpf_fs", "fusectl", "configfs", "hugetlbfs", "autofs", "binfmt_misc", "ramfs", "nsfs",
        "rpc_pipefs", "efivarfs", "selinuxfs", "sockfs", "pipefs", "udev",
    };

    /// <summary>Used bytes.</summary>
    public long Used => Math.Max(0, Total - Free);

    /// <summary>Used bytes of those an ordinary user can have, as <c>df</c> shows it.</summary>
    public double UsedPercent => Used + Available > 0 ? 100.0 * Used / (Used + Available) : 0;

    /// <summary>Asks every mounted filesystem with data of its own. One that is gone or does not answer is left out.</summary>
    public static FilesystemUse[] ReadAll()
    {
        var found = new List<FilesystemUse>();
        foreach (var drive in DriveInfo.GetDrives())
        {
            try
            {
                if (!PseudoTypes.Contains(drive.DriveFormat) && drive.TotalSize > 0)
                {
                    found.Add(new FilesystemUse(drive.RootDirectory.FullName, drive.DriveFormat, drive.TotalSize, drive.TotalFreeSpace, drive.AvailableFreeSpace));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Unmounted between the listing and the question, or not ours to see.
            }
        }
        return [.. found];
    }
}
