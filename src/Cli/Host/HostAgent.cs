using System.Globalization;
using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;
using OrleansMetrics.Cli.Host.Delivery;
using OrleansMetrics.Cli.Host.Sampling;
using OrleansMetrics.Cli.NodeApi;
using Spectre.Console;

namespace OrleansMetrics.Cli.Host;

/// <summary>Takes samples at a steady pace and sends them beside it, so that a slow node does not delay a sample.</summary>
internal sealed class HostAgent(CliServices services, NodeClient node, HostOptions options)
{
    private const long MaxBufferBytes = 64 * 1024 * 1024;

    /// <summary>How long the samples that still wait at the end may take.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private long _taken;
    private long _failedReadings;
    private string _note = "";

    /// <summary>Runs until the count is reached or Ctrl-C. Exit code 1 when a counted run could not deliver everything.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var buffer = new RetryBuffer(options.BufferSamples, MaxBufferBytes);
        var machine = string.Concat(Environment.MachineName.Select(c => c is > ' ' and <= '~' ? c : '-'));
        var run = $"{machine}-{Environment.ProcessId}-{services.Time.GetUtcNow().ToUnixTimeMilliseconds()}";
        var sender = new SampleSender(node, buffer, services.Time, run, Warn);
        await services.Output.WriteLineAsync(
            $"sending {PlainText.Tags(new Dictionary<string, string>(options.Tags))} to {node.Address} every {Numbers.Format(options.Interval.TotalSeconds)} s");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var abort = new CancellationTokenSource();
        var sendLoop = sender.RunAsync(stop.Token, abort.Token);
        try
        {
            if (services.Interactive)
            {
                await services.Console.Live(Render(null, buffer, sender)).StartAsync(context => SampleAsync(
                    buffer, sendLoop, sample => context.UpdateTarget(Render(sample, buffer, sender)), cancellationToken));
            }
            else
            {
                await SampleAsync(buffer, sendLoop, _ => { }, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how an endless run ends; what waits is still sent below.
        }
        await stop.CancelAsync();
        abort.CancelAfter(DrainTime);
        await sendLoop;
        await sender.DrainAsync(abort.Token);
        return await ReportAsync(buffer, sender);
    }

    private async Task SampleAsync(RetryBuffer buffer, Task sendLoop, Action<HostSample> show, CancellationToken cancellationToken)
    {
        var reader = new HostReader(services.Time);
        var sampler = new HostSampler(services.Time, options.Tags);
        var earlier = reader.Read();
        using var timer = new PeriodicTimer(options.Interval, services.Time);
        while (options.Count == 0 || _taken < options.Count)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            if (sendLoop.IsFaulted)
            {
                await sendLoop;
            }
            try
            {
                var now = reader.Read();
                var sample = sampler.Sample(earlier, now);
                earlier = now;
                buffer.Add(sample);
                _taken++;
                show(sample);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
            {
                // A device may vanish while it is read; a reading that fails every time must end the run.
                if (++_failedReadings > 10 + _taken)
                {
                    throw new CliFailureException($"this machine cannot be read: {exception.Message}", ExitCode.Failure, exception);
                }
            }
        }
    }

    private async Task<int> ReportAsync(RetryBuffer buffer, SampleSender sender)
    {
        var lost = buffer.Dropped + buffer.Count + sender.RefusedSamples;
        await services.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{_taken} samples taken, {sender.SentSamples} sent ({sender.SentPoints} points), {buffer.Dropped} dropped, {sender.RefusedSamples} refused, {buffer.Count} unsent"));
        return options.Count > 0 && lost > 0
            ? throw new CliFailureException($"{lost} of {_taken} samples did not reach {node.Address}")
            : ExitCode.Ok;
    }

    private void Warn(string message)
    {
        _note = message;
        if (!services.Interactive)
        {
            services.Error.WriteLine($"{Numbers.Format(services.Time.GetUtcNow())} {PlainText.Printable(message)}");
        }
    }

    private Spectre.Console.Rendering.IRenderable Render(HostSample? sample, RetryBuffer buffer, SampleSender sender)
    {
        var table = PlainText.Table(true, ">time", ">cpu %", ">mem %", ">load", ">sent", ">points", ">waiting", ">dropped");
        table.AddRow(
            PlainText.Cell(sample is null ? "-" : sample.At.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            PlainText.Cell(Percent(sample?.CpuPercent)),
            PlainText.Cell(Percent(sample?.MemoryPercent)),
            PlainText.Cell(sample is null ? "-" : Numbers.Format(sample.Load1)),
            PlainText.Cell(Numbers.Format(sender.SentSamples)),
            PlainText.Cell(Numbers.Format(sender.SentPoints)),
            PlainText.Cell(Numbers.Format(buffer.Count)),
            PlainText.Cell(Numbers.Format(buffer.Dropped)));
        return _note.Length == 0 ? table : new Rows(table, PlainText.Cell(_note));
    }

    private static string Percent(double? value) => value is { } known ? known.ToString("0.0", CultureInfo.InvariantCulture) : "-";
}
