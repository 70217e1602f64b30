using System.Buffers.Binary;

namespace OrleansMetrics.Contracts.Points;

/// <summary>The columns of a slice under construction.</summary>
public ref struct SliceColumns
{
    private Span<byte> _definitions;

    internal SliceColumns(Span<byte> definitions, Span<ulong> ids, Span<double> values, Span<int> times, Span<long> wideTimes)
    {
        _definitions = definitions;
        Ids = ids;
        Values = values;
        Times = times;
        WideTimes = wideTimes;
    }

    /// <summary>Series identity per point.</summary>
    public Span<ulong> Ids { get; }

    /// <summary>Value per point.</summary>
    public Span<double> Values { get; }

    /// <summary>Milliseconds after the slice's base time per point; empty when the times are wide.</summary>
    public Span<int> Times { get; }

    /// <summary>Milliseconds after the slice's base time per point; empty unless the times are wide.</summary>
    public Span<long> WideTimes { get; }

    /// <summary>Writes the next definition.</summary>
    public void AddDefinition(ulong id, ReadOnlySpan<byte> key)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_definitions, id);
        BinaryPrimitives.WriteInt32LittleEndian(_definitions[8..], key.Length);
        key.CopyTo(_definitions[PointBatchFormat.DefinitionHeaderLength..]);
        _definitions = _definitions[(PointBatchFormat.DefinitionHeaderLength + key.Length)..];
    }
}
