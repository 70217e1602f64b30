using System.Globalization;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>Runs a process of any role: builds it, checks all settings, starts it, waits for its end.</summary>
internal static class NodeRun
{
    /// <summary>Runs until told to stop. Returns the exit code: 0, or 1 when it could not start; why goes to <paramref name="errors"/>.</summary>
    /// <param name="args">Command line.</param>
    /// <param name="errors">Where failures are told.</param>
    /// <param name="build">Builds the process from the command line, not started.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter errors, Func<string[], Action<WebApplicationBuilder>, WebApplication> build)
    {
        var failures = new List<string>();
        using var log = new StartLog();
        WebApplication app;
        try
        {
            app = build(args, log.AddTo);
        }
        catch (FormatException exception)
        {
            // The other settings are checked as if the address were right: all that is wrong is named at once.
            failures.Add(exception.Message);
            app = build([.. args, "--urls", NodeAddress.DefaultUrl], log.AddTo);
        }

        await using (app)
        {
            failures.AddRange(app.Services.GetRequiredService<NodeSettingsCheck>().Check(app));
            return failures.Count == 0 ? await RunAsync(app, log, errors) : await RefuseAsync(failures, errors);
        }
    }

    /// <summary>The role in the settings; standalone when none is given.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static NodeRole ReadRole(IConfiguration configuration) => configuration["Role"] switch
    {
        null or "" => NodeRole.Standalone,
        var text when Enum.TryParse<NodeRole>(text, ignoreCase: true, out var role) && Enum.IsDefined(role) && !char.IsAsciiDigit(text[0]) => role,
        var text => throw new FormatException($"Role is '{text}'; it must be {string.Join(" or ", Enum.GetNames<NodeRole>())}."),
    };

    /// <summary>Says why a process does not start. Returns its exit code.</summary>
    public static async Task<int> RefuseAsync(IEnumerable<string> failures, TextWriter errors)
    {
        await errors.WriteLineAsync("The node cannot start:");
        foreach (var failure in failures)
        {
            await errors.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {failure}"));
        }

        return 1;
    }

    private static async Task<int> RunAsync(WebApplication app, StartLog log, TextWriter errors)
    {
        try
        {
            await app.StartAsync();
        }
        catch (Exception exception)
        {
            // Told to stop before it was up: what a half-started service says to that is no failure.
            var isStopping = app.Lifetime.ApplicationStopping.IsCancellationRequested;
            await StopStartedAsync(app);
            return isStopping ? 0 : await RefuseAsync(StartFailure.Explain(exception), errors);
        }

        log.Started();
        await app.WaitForShutdownAsync();
        return 0;
    }

    // What has started already must not find the log closed under it.
    private static async Task StopStartedAsync(WebApplication app)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await app.StopAsync(patience.Token);
        }
        catch (Exception)
        {
            // A service that did not start may not be able to stop; why it did not start is what matters.
        }
    }
}
