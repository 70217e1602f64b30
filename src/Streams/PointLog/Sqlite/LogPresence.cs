using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace OrleansMetrics.Streams.PointLog.Sqlite;

/// <summary>
/// Which processes have the log open: each holds a shared lock on a file beside it, which the system lets go of however the
/// process ends. Who opens or closes the log tries for the lock alone: with it there is nobody else, and nobody comes in.
/// </summary>
/// <remarks>
/// Not a lock on the database file: closing any handle of that file, but SQLite's own, takes away SQLite's locks on it.
/// </remarks>
internal sealed class LogPresence : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly string _path;
    private SafeFileHandle? _handle;

    private LogPresence(string path)
    {
        _path = path;
    }

    /// <summary>True when no other process has the log open and none can open it until <see cref="Share"/>.</summary>
    public bool Alone { get; private set; }

    /// <summary>Waits while another process is opening the log; then holds the lock, alone if possible.</summary>
    /// <param name="logPath">Path of the database file.</param>
    /// <exception cref="InvalidOperationException">Another process has been opening the log for a minute.</exception>
    public static LogPresence Enter(string logPath)
    {
        var presence = new LogPresence(logPath + "-lock");
        presence.Wait(static presence => presence.TryTake(alone: true) || presence.TryTake(alone: false));
        return presence;
    }

    /// <summary>Lets other processes in. One that comes in between holds the log alone for a moment; positions are safe, since it only adds.</summary>
    /// <exception cref="InvalidOperationException">Another process has been opening the log for a minute.</exception>
    public void Share()
    {
        if (Alone)
        {
            Dispose();
            Wait(static presence => presence.TryTake(alone: false));
        }
    }

    /// <summary>Gives the shared lock up; true when the log is now held alone, because this was the last process.</summary>
    public bool LeaveAsLast()
    {
        Dispose();
        return TryTake(alone: true);
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _handle = null;
        Alone = false;
    }

    private void Wait(Func<LogPresence, bool> take)
    {
        var started = Stopwatch.GetTimestamp();
        while (!take(this))
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new InvalidOperationException(
                    $"Another process has been opening or repairing the point log beside '{_path}' for {Patience.TotalSeconds:0} s; try again when it is done.");
            }

            Thread.Sleep(5);
        }
    }

    private bool TryTake(bool alone)
    {
        try
        {
            _handle = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.Read, alone ? FileShare.None : FileShare.Read);
            Alone = alone;
            return true;
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            return false;
        }
    }
}
