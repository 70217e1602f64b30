using System.Diagnostics;

namespace OrleansMetrics.Silo.Tests.Nodes;

/// <summary>The one way in which these tests wait.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Reads until the value is as expected. In time, or the exception tells the last value and what <paramref name="diagnose"/> knows.</summary>
    public static async Task<T> ReadAsync<T>(string what, Func<Task<T>> read, Func<T, bool> isExpected, Func<string> diagnose)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (isExpected(value))
            {
                return value;
            }

            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"{what}: not within {Patience}. Last: {value}\n{diagnose()}");
            }

            await Task.Delay(Pause);
        }
    }
}
