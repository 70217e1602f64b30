using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Contracts.Points;

/// <summary>Reads a slice in place. Only for slices of a batch that <see cref="PointBatch.TryParse"/> has checked.</summary>
public readonly ref struct SliceReader
{
    private readonly ReadOnlySpan<byte> _slice;
    private readonly int _definitionsAt;
    private readonly int _idsAt;

    /// <param name="slice">The bytes of one whole slice.</param>
    public SliceReader(ReadOnlySpan<byte> slice)
    {
        _slice = slice;
        Points = BinaryPrimitives.ReadInt32LittleEndian(slice[8..]);
        DefinitionCount = BinaryPrimitives.ReadInt32LittleEndian(slice[12..]);
        _definitionsAt = PointBatchFormat.SliceHeaderLength + PointBatchFormat.Align(MetricLength);
        _idsAt = _definitionsAt + PointBatchFormat.Align(DefinitionsLength);
    }

    /// <summary>UTF-8 name of the metric.</summary>
    public ReadOnlySpan<byte> Metric => _slice.Slice(PointBatchFormat.SliceHeaderLength, MetricLength);

    /// <summary>What the senders say that the values mean; null: they say nothing. It may be one that this build does not know.</summary>
    public MetricKind? Kind => PointBatchFormat.DecodeKind(_slice[6]);

    /// <summary>Points in the slice.</summary>
    public int Points { get; }

    /// <summary>Series that the slice defines.</summary>
    public int DefinitionCount { get; }

    /// <summary>Unix milliseconds that the times are offsets of.</summary>
    public long BaseTime => BinaryPrimitives.ReadInt64LittleEndian(_slice[24..]);

    /// <summary>Series identity per point.</summary>
    public ReadOnlySpan<ulong> Ids => MemoryMarshal.Cast<byte, ulong>(_slice.Slice(_idsAt, Points * 8));

    /// <summary>Value per point.</summary>
    public ReadOnlySpan<double> Values => MemoryMarshal.Cast<byte, double>(_slice.Slice(_idsAt + Points * 8, Points * 8));

    /// <summary>True when the offsets are 64 bits wide.</summary>
    public bool HasWideTimes => (_slice[7] & PointBatchFormat.WideTimes) != 0;

    /// <summary>Milliseconds after <see cref="BaseTime"/> per point; empty when <see cref="HasWideTimes"/>.</summary>
    public ReadOnlySpan<int> Times =>
        HasWideTimes ? default : MemoryMarshal.Cast<byte, int>(_slice.Slice(_idsAt + Points * 16, Points * 4));

    /// <summary>Milliseconds after <see cref="BaseTime"/> per point; empty unless <see cref="HasWideTimes"/>.</summary>
    public ReadOnlySpan<long> WideTimes =>
        HasWideTimes ? MemoryMarshal.Cast<byte, long>(_slice.Slice(_idsAt + Points * 16, Points * 8)) : default;

    /// <summary>The series that the slice defines, in the order in which they were written.</summary>
    public DefinitionEnumerator GetDefinitions() => new(_slice.Slice(_definitionsAt, DefinitionsLength), DefinitionCount);

    /// <summary>Event time of a point, Unix milliseconds.</summary>
    public long TimeOf(int point) => BaseTime + (HasWideTimes ? WideTimes[point] : Times[point]);

    private int MetricLength => BinaryPrimitives.ReadUInt16LittleEndian(_slice[4..]);

    private int DefinitionsLength => BinaryPrimitives.ReadInt32LittleEndian(_slice[16..]);

    /// <summary>Walks the definitions of a slice.</summary>
    public ref struct DefinitionEnumerator
    {
        private ReadOnlySpan<byte> _rest;
        private int _left;

        internal DefinitionEnumerator(ReadOnlySpan<byte> definitions, int count)
        {
            _rest = definitions;
            _left = count;
        }

        /// <summary>The definition that the last <see cref="MoveNext"/> came to.</summary>
        public SeriesDefinition Current { get; private set; }

        /// <summary>This enumerator, for <c>foreach</c>.</summary>
        public readonly DefinitionEnumerator GetEnumerator() => this;

        /// <summary>Goes on to the next definition.</summary>
        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            var keyLength = BinaryPrimitives.ReadInt32LittleEndian(_rest[8..]);
            Current = new SeriesDefinition(
                BinaryPrimitives.ReadUInt64LittleEndian(_rest), _rest.Slice(PointBatchFormat.DefinitionHeaderLength, keyLength));
            _rest = _rest[(PointBatchFormat.DefinitionHeaderLength + keyLength)..];
            _left--;
            return true;
        }
    }
}
