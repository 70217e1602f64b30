using System.Globalization;

namespace OrleansMetrics.Faults.Schedules;

/// <summary>Which schedules run: those that have found something, and fresh ones.</summary>
internal static class FaultSeeds
{
    private const int ShortSchedules = 2;
    private const int LongSchedules = 100;

    /// <summary>True for the long form of the suite.</summary>
    public static bool IsLong => Environment.GetEnvironmentVariable("OM_LONG") is "1";

    /// <summary>The seeds of one suite; only <c>OM_FAULT_SEED</c> when it is set.</summary>
    /// <param name="known">Seeds that are always run.</param>
    public static TheoryData<int> Of(params int[] known) => Of("OM_FAULT_SCHEDULES", ShortSchedules, LongSchedules, known);

    /// <summary>The seeds of one suite with numbers of its own.</summary>
    /// <param name="variable">The environment variable that replaces them.</param>
    /// <param name="shortSchedules">Fresh seeds in the short form.</param>
    /// <param name="longSchedules">Fresh seeds in the long form.</param>
    /// <param name="known">Seeds that are always run.</param>
    public static TheoryData<int> Of(string variable, int shortSchedules, int longSchedules, int[] known)
    {
        if (Read("OM_FAULT_SEED") is { } only)
        {
            return [only];
        }

        var fresh = Read(variable) ?? (IsLong ? longSchedules : shortSchedules);
        return [.. known, .. Enumerable.Range(0, fresh).Select(static _ => Random.Shared.Next())];
    }

    /// <summary>The command that runs a schedule again.</summary>
    public static string ReplayCommand(int seed, string test, string project) => string.Create(
        CultureInfo.InvariantCulture, $"OM_FAULT_SEED={seed} dotnet test {project} -c Release --filter FullyQualifiedName~{test}");

    private static int? Read(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
