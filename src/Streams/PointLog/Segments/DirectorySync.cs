using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>Makes the creation, renaming and deletion of files durable.</summary>
internal static class DirectorySync
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    /// <summary>Waits until the directory is on the disk. Nothing on systems where a directory cannot be opened.</summary>
    /// <exception cref="IOException">It could not be made durable.</exception>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = NativeMethods.Open([.. Encoding.UTF8.GetBytes(path), 0], ReadOnly);
        if (descriptor < 0)
        {
            throw Failed(path);
        }

        try
        {
            // Some file systems have nothing to do for a directory and say so with this error.
            if (NativeMethods.Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw Failed(path);
            }
        }
        finally
        {
            _ = NativeMethods.Close(descriptor);
        }
    }

    private static IOException Failed(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"The directory '{path}' could not be synchronized with the disk: {new Win32Exception(error).Message}", error);
    }

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Sync(int descriptor);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }
}
