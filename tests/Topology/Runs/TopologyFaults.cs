using OrleansMetrics.Faults.Schedules;
using OrleansMetrics.Topology.Clusters;
using OrleansMetrics.Topology.Schedules;

namespace OrleansMetrics.Topology.Runs;

/// <summary>Does the faults of a schedule to a cluster of processes.</summary>
internal sealed class TopologyFaults(TopologyCluster cluster, FaultDiary diary, int seed)
{
    private const int Silos = 3;
    private const int StartAttempts = 3;

    private readonly Random _random = new(seed);
    private int _silos = Silos;
    private string? _missing;

    public async Task DoAsync(TopologyStep step)
    {
        var (missing, silos) = (_missing, _silos);
        await DoFaultAsync(step);
        if (missing is not null && missing == _missing)
        {
            await StartAsync(missing);
            _missing = null;
        }

        if (silos != Silos && silos == _silos)
        {
            await ScaleAsync(Silos);
        }
    }

    /// <summary>No fault is left and no silo missing.</summary>
    public async Task EndAsync()
    {
        await ScaleAsync(Silos);
        _missing = null;
    }

    private Task DoFaultAsync(TopologyStep step) => step.Fault switch
    {
        TopologyFault.KillSilo => KillAndStartAsync(AnySilo()),
        TopologyFault.KillSiloForAWhile => KillForAWhileAsync(),
        TopologyFault.RestartSilo => RestartAsync(AnySilo()),
        TopologyFault.RestartSilosInTurn => RestartSilosInTurnAsync(),
        TopologyFault.StallSilo => StallAsync(AnySilo(), step.Scale(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(10))),
        TopologyFault.KillAllSilos => KillAllSilosAsync(),
        TopologyFault.KillGateway => KillAndStartAsync(AnyGateway()),
        TopologyFault.RestartGateway => RestartAsync(AnyGateway()),
        TopologyFault.StallGateway => StallAsync(AnyGateway(), step.Scale(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(6))),
        TopologyFault.KillRedis => KillAndStartAsync("redis"),
        TopologyFault.RestartRedis => RestartAsync("redis"),
        TopologyFault.StallRedis => StallAsync("redis", step.Scale(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(4))),
        TopologyFault.RestartAzurite => RestartAsync("azurite"),
        TopologyFault.ScaleToFour => ScaleAsync(4),
        TopologyFault.ScaleToTwo => ScaleAsync(2),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "An unknown fault."),
    };

    private string AnySilo()
    {
        var silo = $"silo-{_random.Next(_silos) + 1}";
        return silo == _missing ? $"silo-{(silo == "silo-1" ? 2 : 1)}" : silo;
    }

    private string AnyGateway() => $"gateway-{_random.Next(cluster.Gateways.Count) + 1}";

    private async Task KillAndStartAsync(string node)
    {
        await cluster.RunAsync("kill", node);
        diary.Note($"{node} is killed");
        await StartAsync(node);
    }

    private async Task KillForAWhileAsync()
    {
        _missing = AnySilo();
        await cluster.RunAsync("kill", _missing);
        diary.Note($"{_missing} is killed");
    }

    private async Task RestartAsync(string node)
    {
        await cluster.RunAsync("stop", node);
        diary.Note($"{node} has stopped");
        await StartAsync(node);
    }

    private async Task RestartSilosInTurnAsync()
    {
        cluster.Upgrade();
        for (var silo = 1; silo <= _silos; silo++)
        {
            await RestartAsync($"silo-{silo}");
            if (!await cluster.IsNewAsync($"silo-{silo}"))
            {
                throw new InvalidOperationException($"silo-{silo} was not upgraded.");
            }
        }
    }

    private async Task KillAllSilosAsync()
    {
        var silos = Enumerable.Range(1, _silos).Select(static silo => $"silo-{silo}").ToList();
        foreach (var silo in silos)
        {
            await cluster.TryRunAsync("kill", silo);
        }

        diary.Note("every silo is killed");
        await ScaleAsync(_silos);
    }

    private async Task StallAsync(string node, TimeSpan time)
    {
        await cluster.SignalAsync(node, "STOP");
        diary.Note($"{node} stands still for {time.TotalSeconds:F1} s");
        await Task.Delay(time);
        await cluster.SignalAsync(node, "CONT");
        diary.Note($"{node} goes on");

        // A silo that the others have declared dead ends when it finds out.
        await StartAsync(node);
    }

    private async Task ScaleAsync(int silos)
    {
        _silos = silos;
        await RetryAsync("scale", $"{silos}");
        diary.Note($"there are {silos} silos");
    }

    private async Task StartAsync(string node)
    {
        await RetryAsync("start", node);
        diary.Note($"{node} is ready");
    }

    // A silo may find itself declared dead, and end, while its readiness is waited for.
    private async Task RetryAsync(params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (code, output) = await cluster.TryRunAsync(arguments);
            if (code == 0)
            {
                return;
            }

            diary.Note($"({string.Join(' ', arguments)}: {output.TrimEnd().Split('\n')[^1]})");
            if (attempt == StartAttempts)
            {
                throw new InvalidOperationException($"scripts/cluster {string.Join(' ', arguments)} failed: {output}");
            }
        }
    }
}
