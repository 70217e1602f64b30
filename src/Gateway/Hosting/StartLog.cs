using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace OrleansMetrics.Gateway.Hosting;

/// <summary>
/// Keeps hosts from logging, with stack traces, why they could not start: the same exception reaches
/// <see cref="NodeRun"/>, which tells it once and in words. Without effect after the start.
/// </summary>
internal sealed class StartLog : IOptionsChangeTokenSource<LoggerFilterOptions>, IDisposable
{
    // As long as those in appsettings.json, which else would win. The silo itself warns of nothing but its garbage collector.
    private static readonly (string Category, LogLevel Least)[] Categories =
    [
        ("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Warning), ("Orleans", LogLevel.Warning), ("Orleans.Runtime.Silo", LogLevel.None),
    ];

    private readonly CancellationTokenSource _started = new();

    public string? Name => Options.DefaultName;

    // A token that has fired already would be asked for again without end.
    public IChangeToken GetChangeToken() => new CancellationChangeToken(_started.IsCancellationRequested ? CancellationToken.None : _started.Token);

    public void AddTo(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(this);
        builder.Services.Configure<LoggerFilterOptions>(Filter);
    }

    /// <summary>From now on everything is logged as configured.</summary>
    public void Started() => _started.Cancel();

    public void Dispose() => _started.Dispose();

    private void Filter(LoggerFilterOptions options)
    {
        if (_started.IsCancellationRequested)
        {
            return;
        }

        foreach (var (category, least) in Categories)
        {
            options.Rules.Add(new LoggerFilterRule(null, category, least, static (_, _, level) => level < LogLevel.Error));
        }
    }
}
