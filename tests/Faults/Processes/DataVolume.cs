using System.Diagnostics;

namespace OrleansMetrics.Faults.Processes;

/// <summary>Where a node keeps its data: a small file system of its own that can be filled, where one can be mounted; else a directory.</summary>
internal sealed class DataVolume : IDisposable
{
    private const int SizeMiB = 96;

    private readonly string _root = Directory.CreateTempSubdirectory("orleansmetrics-faults-").FullName;

    public DataVolume()
    {
        if (!OperatingSystem.IsLinux())
        {
            CannotBeFilled = "no tmpfs on this system";
            return;
        }

        var (code, errors) = Run("mount", "-t", "tmpfs", "-o", $"size={SizeMiB}m", "tmpfs", _root);
        CannotBeFilled = code == 0 ? null : $"no tmpfs could be mounted: {errors.Trim()}";
    }

    /// <summary>Why the disk-full fault is left out; null when it is not.</summary>
    public string? CannotBeFilled { get; }

    /// <summary>For <c>Storage:Directory</c>.</summary>
    public string Path => System.IO.Path.Combine(_root, "data");

    private string Ballast => System.IO.Path.Combine(_root, "ballast");

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        var block = new byte[64 * 1024];
        try
        {
            using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            for (var size = block.Length; size >= 512; size /= 2)
            {
                FillWith(ballast, block.AsSpan(0, size));
            }
        }
        catch (IOException)
        {
            // Closing finds the disk full too.
        }
    }

    /// <summary>Frees what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        if (CannotBeFilled is null)
        {
            // Lazily: a process that is ending may still hold a file.
            Run("umount", "-l", _root);
        }

        Directory.Delete(_root, recursive: true);
    }

    private static void FillWith(FileStream ballast, ReadOnlySpan<byte> block)
    {
        try
        {
            while (ballast.Length < 2L * SizeMiB * 1024 * 1024)
            {
                ballast.Write(block);
            }
        }
        catch (IOException)
        {
            // Full, as far as blocks of this size go.
        }
    }

    private static (int Code, string Errors) Run(string program, params string[] args)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, errors);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return (-1, exception.Message);
        }
    }
}
