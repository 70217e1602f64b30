using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Faults.Processes;

/// <summary>Signals to a process.</summary>
internal static class Signals
{
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    /// <summary>Asks it to end.</summary>
    public static void Terminate(Process process) => Send(process, SigTerm);

    /// <summary>Stops it dead; it does not know.</summary>
    public static void Stop(Process process) => Send(process, SigStop);

    /// <summary>Lets it go on.</summary>
    public static void Continue(Process process) => Send(process, SigCont);

    private static void Send(Process process, int signal)
    {
        if (SendSignal(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {process.Id}.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SendSignal(int processId, int signal);
}
