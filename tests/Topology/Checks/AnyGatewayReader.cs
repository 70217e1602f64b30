using OrleansMetrics.Faults.Checks;

namespace OrleansMetrics.Topology.Checks;

/// <summary>Reads through one gateway after the other: one of them may be gone.</summary>
internal sealed class AnyGatewayReader(IEnumerable<Uri> gateways) : IMetricsReader, IDisposable
{
    private readonly HttpMetricsReader[] _readers = [.. gateways.Select(static gateway => new HttpMetricsReader(gateway))];
    private int _next;

    /// <inheritdoc />
    public Task<LedgerReading?> TryReadLedgerAsync() => Next().TryReadLedgerAsync();

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, SeriesReading>> ReadMetricAsync(string metric) => Next().ReadMetricAsync(metric);

    public void Dispose() => Array.ForEach(_readers, static reader => reader.Dispose());

    private HttpMetricsReader Next() => _readers[(uint)Interlocked.Increment(ref _next) % _readers.Length];
}
