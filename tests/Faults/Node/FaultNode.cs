using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OrleansMetrics.Faults.Injection;
using OrleansMetrics.Silo.Hosting;

namespace OrleansMetrics.Faults.Node;

/// <summary>
/// The program of the node under test: the real standalone node, with a clock that can be stepped and stores that can be told to fail.
/// Settings are those of a node; besides <c>--Faults:Seed</c> and <c>--Faults:ClockOffset</c> (milliseconds).
/// </summary>
internal static class FaultNode
{
    public static Task<int> RunAsync(string[] args)
    {
        var seed = Read(args, "--Faults:Seed=");
        var clock = new SteppedClock { Offset = TimeSpan.FromMilliseconds(Read(args, "--Faults:ClockOffset=")) };
        var snapshots = new FaultInjector((int)seed);
        var log = new FaultInjector((int)seed + 1);
        return StandaloneNode.RunAsync(args, services =>
        {
            services.AddSingleton<TimeProvider>(clock);
            services.DecorateSnapshots(snapshots);
            services.DecorateLog(log);
            services.AddSingleton<IStartupFilter>(provider => new FaultEndpoint(clock, snapshots, log, provider));
        });
    }

    private static long Read(string[] args, string setting) =>
        args.FirstOrDefault(arg => arg.StartsWith(setting, StringComparison.Ordinal)) is { } found
            ? long.Parse(found[setting.Length..], CultureInfo.InvariantCulture)
            : 0;
}
