using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansMetrics.Faults.Clusters;

/// <summary>Keeps the newest lines that the silos log: this system's own, and Orleans' errors.</summary>
internal sealed class ClusterOutput : ILoggerProvider
{
    private const int KeptLines = 150;
    private const int KeptLineLength = 400;

    private readonly ConcurrentQueue<string> _lines = new();

    public ILogger CreateLogger(string categoryName) =>
        new Logger(this, categoryName, categoryName.StartsWith("OrleansMetrics", StringComparison.Ordinal) ? LogLevel.Information : LogLevel.Error);

    public override string ToString() => string.Join('\n', _lines);

    public void Dispose()
    {
        // Nothing is held.
    }

    private void Keep(string line)
    {
        _lines.Enqueue(line.Length > KeptLineLength ? line[..KeptLineLength] : line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }
    }

    private sealed class Logger(ClusterOutput output, string category, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                output.Keep(string.Create(
                    CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {category}: {formatter(state, exception)} {exception?.GetType().Name} {exception?.Message}"));
            }
        }
    }
}
