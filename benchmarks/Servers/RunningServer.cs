using System.Diagnostics;
using System.Net.Sockets;
using OrleansMetrics.Benchmarks.Load;

namespace OrleansMetrics.Benchmarks.Servers;

/// <summary>A server's process in a temporary directory, killed and cleared away in the end.</summary>
internal sealed class RunningServer : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ProcessingLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly string _directory;
    private readonly HttpConnection _questions;
    private readonly Queue<string> _output = new();
    private long _acknowledged;

    private RunningServer(IServerProgram program, Process process, string directory, int port)
    {
        Program = program;
        _process = process;
        _directory = directory;
        Port = port;
        _questions = new HttpConnection(port);
    }

    /// <summary>What runs.</summary>
    public IServerProgram Program { get; }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What it has used until now.</summary>
    public ProcessUse Use => ProcessUse.Read(_process.Id);

    /// <summary>Starts a server and waits until it takes points.</summary>
    /// <param name="program">What to start.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="fill">Puts data into its directory before it starts.</param>
    /// <exception cref="IOException">It ended, or did not become ready within two minutes.</exception>
    public static RunningServer Start(IServerProgram program, CancellationToken cancellationToken, Action<string>? fill = null)
    {
        var directory = Directory.CreateTempSubdirectory("orleansmetrics-benchmark-").FullName;
        var port = FreePorts.Take(1)[0];
        RunningServer? server = null;
        try
        {
            var data = Directory.CreateDirectory(Path.Combine(directory, "data")).FullName;
            fill?.Invoke(data);
            var start = program.Start(data, port);
            start.RedirectStandardOutput = start.RedirectStandardError = true;
            start.WorkingDirectory = directory;
            server = new RunningServer(program, Process.Start(start)!, directory, port);
            server.KeepOutput();
            server.WaitUntilReady(cancellationToken);
            return server;
        }
        catch
        {
            server?.Dispose();
            Clear(directory);
            throw;
        }
    }

    /// <summary>Counts points that a load has sent to it, then blocks until they can be queried; returns how many it left out since it started.</summary>
    /// <exception cref="IOException">It did not get there within two minutes.</exception>
    public long WaitUntilProcessed(long acknowledged, CancellationToken cancellationToken)
    {
        _acknowledged += acknowledged;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProcessingLimit);
        try
        {
            return Program.WaitUntilProcessed(_questions, _acknowledged, limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{Program.Name} acknowledged {_acknowledged:N0} points and had not processed them {ProcessingLimit.TotalMinutes:0} minutes later.", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It never ran.
        }
        _process.Dispose();
        _questions.Dispose();
        Clear(_directory);
    }

    private static void Clear(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Its last lines are worth showing when it fails; the pipe must be emptied in any case.</summary>
    private void KeepOutput()
    {
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_output)
            {
                _output.Enqueue(line.Data ?? "");
                if (_output.Count > 20)
                {
                    _output.Dequeue();
                }
            }
        }
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void WaitUntilReady(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (_questions.Get(Program.ReadyPath).IsSuccess)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                // Not yet, or no more.
            }
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > StartLimit)
            {
                lock (_output)
                {
                    throw new IOException($"{Program.Name} did not become ready: {string.Join(Environment.NewLine, _output)}");
                }
            }
            cancellationToken.WaitHandle.WaitOne(Poll);
        }
    }
}
