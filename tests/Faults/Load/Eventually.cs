using System.Diagnostics;

namespace OrleansMetrics.Faults.Load;

/// <summary>The one way in which these tests wait for something to happen.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until a condition holds; false when it did not in time.</summary>
    public static async Task<bool> HoldsAsync(Func<bool> condition, TimeSpan patience)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                return condition();
            }

            await Task.Delay(Pause);
        }

        return true;
    }

    /// <summary>Waits until a condition holds.</summary>
    /// <exception cref="TimeoutException">It did not in time.</exception>
    public static async Task RequireAsync(string what, Func<bool> condition, TimeSpan patience)
    {
        if (!await HoldsAsync(condition, patience))
        {
            throw new TimeoutException($"{what}: not within {patience.TotalSeconds:F0} s.");
        }
    }
}
