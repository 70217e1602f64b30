using OrleansMetrics.Streams.Batching;

namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>The numeric and boolean fields of the lines under way, in columns, with the series to look up for each.</summary>
internal sealed class LineFields
{
    private SeriesLookup[] _lookups = new SeriesLookup[64];
    private double[] _values = new double[64];
    private RejectReason?[] _refused = new RejectReason?[64];

    /// <summary>Fields held.</summary>
    public int Count { get; private set; }

    /// <summary>Where each stands in the text, and its series.</summary>
    public Span<SeriesLookup> Lookups => _lookups.AsSpan(0, Count);

    /// <summary>The values; meaningless where refused.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <summary>Why the value of a well-formed field cannot be taken.</summary>
    public Span<RejectReason?> Refused => _refused.AsSpan(0, Count);

    /// <summary>Adds a field.</summary>
    public void Add(int nameAt, int nameLength, double value, RejectReason? refused)
    {
        var at = Count;
        if (at == _values.Length)
        {
            Array.Resize(ref _lookups, at * 2);
            Array.Resize(ref _values, at * 2);
            Array.Resize(ref _refused, at * 2);
        }

        ref var lookup = ref _lookups[at];
        lookup.FieldAt = nameAt;
        lookup.FieldLength = nameLength;
        _values[at] = value;
        _refused[at] = refused;
        Count = at + 1;
    }

    /// <summary>Takes back the fields after the first ones.</summary>
    public void Truncate(int count) => Count = count;
}
