using OrleansMetrics.Contracts.Windows;
using OrleansMetrics.Grains.Aggregators;
using OrleansMetrics.Grains.History.Backup;

namespace OrleansMetrics.Grains.Tests.Protocol;

// Windows that come from elsewhere.
internal sealed partial class Simulation
{
    private const int MaxImporters = 3;

    internal void Import()
    {
        if (_activations.Count(static one => one is { Alive: true } && one.Name.StartsWith("importer", StringComparison.Ordinal)) >= MaxImporters)
        {
            return;
        }

        var importer = Add(new SimulatedActivation($"importer/{++_activated}"));
        importer.Activated();
        var import = Imports!.Next();
        Note($"{importer.Name} imports {import}");
        _ = Late(async () =>
        {
            try
            {
                var result = await new ImportRounds(0, ImportModel.Metric, new SimulatedLogPort(this, importer), new ImportPort(this, importer), Time).RunAsync(import.Windows, CancellationToken.None);
                Note($"{importer.Name}: {result.Status}, {result.Imported} imported, {result.AlreadyThere} there, {result.Expired} expired, {result.Refused} refused");
                Imports.Answered(import, result);
            }
            finally
            {
                importer.Kill();
            }

            return true;
        });
    }

    /// <summary>The aggregator in the hands of an importer.</summary>
    private sealed class ImportPort(Simulation simulation, SimulatedActivation caller) : IImportTarget
    {
        public Task<AggregatorImport> ImportAsync(WindowImport import) => simulation.Call(caller, $"{ImportModel.Metric}.Import()", () => simulation
            .AggregatorOf(ImportModel.Metric).Run(to => to.Receive(
                async () =>
                {
                    using var turn = to.Local.BeginTurn();
                    return await to.Aggregator.ImportAsync(import);
                },
                interleave: false)));

        public Task<bool> ConfirmAsync(long begin, string doubt) => simulation.Call(caller, $"{ImportModel.Metric}.Confirm({begin})", () => simulation
            .AggregatorOf(ImportModel.Metric).Run(to => to.Receive(() => Task.FromResult(to.InTurn(() => to.Aggregator.Confirm(begin, doubt))), interleave: true)));

        public Task<long> CheckpointAsync() => simulation.Call(caller, "FlushNow()", () => simulation._flush.Receive(simulation._flush.Rounds.RunAsync, interleave: false));

        public ValueTask<AggregatorStatus> GetStatusAsync() => new AggregatorPort(simulation, caller, ImportModel.Metric).GetStatus();
    }
}
