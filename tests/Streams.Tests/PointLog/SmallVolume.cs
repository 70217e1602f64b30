using System.Diagnostics;

namespace OrleansMetrics.Streams.Tests.PointLog;

/// <summary>A small file system in memory that can be filled. To be skipped where none can be mounted.</summary>
internal sealed class SmallVolume : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SmallVolume(int kibibytes)
    {
        IsMounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", _directory.Path);
    }

    public bool IsMounted { get; }

    public string Path => _directory.Path;

    private string Ballast => _directory.File("ballast");

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                ballast.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Frees what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        if (IsMounted)
        {
            Run("umount", "-l", _directory.Path);
        }

        _directory.Dispose();
    }

    private static bool Run(string program, params string[] args)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
