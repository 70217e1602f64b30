namespace OrleansMetrics.Silo.Hosting;

/// <summary>
/// Keeps hosts from logging why they could not start: the same exception reaches <see cref="StandaloneNode.RunAsync"/>, which tells it
/// in one place and in words.
/// </summary>
internal sealed class StartLog
{
    private static readonly string[] Categories =
    [
        "Microsoft.Extensions.Hosting.Internal.Host",
        "Orleans.Runtime.SiloLifecycleSubject",
        "Orleans.Runtime.Silo",
        "Microsoft.Orleans.Networking",
    ];

    private volatile bool _started;

    public void AddTo(WebApplicationBuilder builder)
    {
        foreach (var category in Categories)
        {
            builder.Logging.AddFilter(category, level => level >= LogLevel.Error && _started);
        }
    }

    /// <summary>From now on nothing is kept back.</summary>
    public void Started() => _started = true;
}
