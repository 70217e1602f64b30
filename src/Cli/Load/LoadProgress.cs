using OrleansMetrics.Cli.CommandLine;
using OrleansMetrics.Cli.Display;
using Spectre.Console;

namespace OrleansMetrics.Cli.Load;

/// <summary>Shows how far a load is: a bar for a person, a line now and then otherwise. Redrawn seldom: it runs on the cores it measures.</summary>
internal static class LoadProgress
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    public static Task ShowAsync(CliServices services, LoadOptions options, LoadRun run, CancellationToken ended)
    {
        if (options.Json)
        {
            return Task.CompletedTask;
        }
        return services.Interactive
            ? services.Console.Progress().AutoRefresh(false).AutoClear(true)
                .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn())
                .StartAsync(context =>
                {
                    var bar = context.AddTask("0 points", maxValue: 1);
                    void Show()
                    {
                        bar.Value = Share(options, run);
                        bar.Description = Markup.Escape(Describe(run));
                        context.Refresh();
                    }
                    Show();
                    return RepeatAsync(services, BarInterval, Show, ended);
                })
            : RepeatAsync(services, LineInterval, () => services.Output.WriteLine(Describe(run)), ended);
    }

    private static async Task RepeatAsync(CliServices services, TimeSpan interval, Action show, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(interval, services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                show();
            }
        }
        catch (OperationCanceledException)
        {
            // The load has ended.
        }
    }

    private static double Share(LoadOptions options, LoadRun run)
    {
        var ofPoints = run.PointsSent / (double)options.Points;
        var ofTime = options.Duration > TimeSpan.Zero ? run.Elapsed / options.Duration : 0;
        return Math.Clamp(Math.Max(ofPoints, ofTime), 0, 1);
    }

    private static string Describe(LoadRun run)
    {
        var sent = run.PointsSent;
        return $"{Numbers.Format(sent)} points, {Numbers.Format((long)(sent / Math.Max(run.Elapsed.TotalSeconds, 0.001)))} points/s";
    }
}
