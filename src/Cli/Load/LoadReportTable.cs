using System.Globalization;
using OrleansMetrics.Cli.Display;
using Spectre.Console;

namespace OrleansMetrics.Cli.Load;

/// <summary>The report of a load as a table of two columns.</summary>
internal static class LoadReportTable
{
    public static Table Render(LoadReport report, bool interactive)
    {
        var table = PlainText.Table(interactive, "load", "");
        void Row(string name, string value) => table.AddRow(PlainText.Cell(name), PlainText.Cell(value));
        Row("points sent", Numbers.Format(report.PointsSent));
        Row("points accepted", Numbers.Format(report.PointsAccepted));
        Row("point errors", Numbers.Format(report.PointErrors));
        if (report.PointsUncertain > 0)
        {
            Row("points uncertain", Numbers.Format(report.PointsUncertain) + " (the answer was lost)");
        }
        if (report.PointsLate > 0)
        {
            Row("points late", Numbers.Format(report.PointsLate) + " (on this node, in no total)");
        }
        Row("requests", $"{Numbers.Format(report.Requests)}, {Numbers.Format(report.Retries)} retries" + (report.Replays > 0 ? $", {Numbers.Format(report.Replays)} known to the node" : ""));
        Row("body bytes", Numbers.FormatBytes(report.BodyBytes));
        Row("duration", Seconds(report.Seconds) + (report.SecondsToProcessed is { } processed ? $", all processed after {Seconds(processed)}" : ""));
        Row("points/s", Numbers.Format((long)report.PointsPerSecond));
        var latency = report.LatencyMilliseconds;
        Row("request latency", $"p50 {Milliseconds(latency.P50)}, p90 {Milliseconds(latency.P90)}, p99 {Milliseconds(latency.P99)}, max {Milliseconds(latency.Max)}");
        Row("loader CPU", Nanoseconds(report.LoaderCpuNanosecondsPerPoint));
        if (report.Server is { } server)
        {
            Row("server CPU", $"{Nanoseconds(server.CpuNanosecondsPerPoint)} (pid {server.Pid}, {Seconds(server.CpuSeconds)}{(server.Settled ? "" : ", not at rest yet")})");
            Row("server memory", Numbers.FormatBytes(server.ResidentBytes) + " resident");
        }
        if (report.Verification is { } verification)
        {
            Row("verified", verification.Differences == 0
                ? $"{Numbers.Format(verification.Series)} series, {Numbers.Format(verification.FoundPoints)} points: no difference"
                : $"{Numbers.Format(verification.Differences)} series DIFFER; {Numbers.Format(verification.FoundPoints)} points found, {Numbers.Format(verification.ExpectedPoints)} acknowledged");
        }
        Row("prefix, seed", $"{report.Prefix}, {report.Seed.ToString(CultureInfo.InvariantCulture)}");
        return table;
    }

    private static string Seconds(double seconds) => seconds.ToString("0.00", CultureInfo.InvariantCulture) + " s";

    private static string Milliseconds(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture) + " ms";

    private static string Nanoseconds(double nanoseconds) => nanoseconds.ToString("0", CultureInfo.InvariantCulture) + " ns/point";
}
