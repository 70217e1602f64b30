using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansMetrics.Contracts.Windows;

/// <summary>
/// Windows of one series, column by column: some 20 bytes a window and 8 for each number asked for, passed on within a process without a copy and between processes as
/// they are. Reading it as a list makes an object of each window; <see cref="Starts"/> and the others do not.
/// </summary>
/// <remarks>Columns are bytes, little-endian, in the order of the windows. Those that were not asked for are empty.</remarks>
[GenerateSerializer, Immutable, Alias("OrleansMetrics.WindowColumns")]
[CollectionBuilder(typeof(WindowColumnsBuilder), nameof(WindowColumnsBuilder.Create))]
public sealed class WindowColumns : IReadOnlyList<WindowAggregate>
{
    /// <inheritdoc/>
    [Id(0)] public int Count { get; internal init; }

    /// <summary>The probabilities of the quantiles, as they were asked for.</summary>
    public ReadOnlySpan<double> Probabilities => OfQuantiles;

    /// <summary>First instants, Unix milliseconds, ascending.</summary>
    public ReadOnlySpan<long> Starts => Of<long>(StartBytes);

    /// <summary>Lengths, milliseconds.</summary>
    public ReadOnlySpan<int> Sizes => Of<int>(SizeBytes);

    /// <summary>Of each window, whether it is final: 1 or 0.</summary>
    public ReadOnlySpan<byte> Finals => FinalBytes;

    /// <summary>Points.</summary>
    public ReadOnlySpan<long> Counts => Of<long>(CountBytes);

    /// <summary>Sums.</summary>
    public ReadOnlySpan<double> Sums => Of<double>(SumBytes);

    /// <summary>Least values.</summary>
    public ReadOnlySpan<double> Mins => Of<double>(MinBytes);

    /// <summary>Greatest values.</summary>
    public ReadOnlySpan<double> Maxs => Of<double>(MaxBytes);

    /// <summary>Last values.</summary>
    public ReadOnlySpan<double> Lasts => Of<double>(LastBytes);

    /// <summary>Times of the last values, milliseconds after the start.</summary>
    public ReadOnlySpan<int> LastOffsets => Of<int>(LastOffsetBytes);

    /// <summary>Points that were late.</summary>
    public ReadOnlySpan<long> Revisions => Of<long>(RevisionBytes);

    /// <summary>Of a set, estimates of how many different elements there were; −1: of no set.</summary>
    public ReadOnlySpan<long> Distincts => Of<long>(DistinctBytes);

    [Id(1)] internal double[] OfQuantiles { get; init; } = [];

    [Id(2)] internal byte[] StartBytes { get; init; } = [];

    [Id(3)] internal byte[] SizeBytes { get; init; } = [];

    [Id(4)] internal byte[] FinalBytes { get; init; } = [];

    [Id(5)] internal byte[] CountBytes { get; init; } = [];

    [Id(6)] internal byte[] SumBytes { get; init; } = [];

    [Id(7)] internal byte[] MinBytes { get; init; } = [];

    [Id(8)] internal byte[] MaxBytes { get; init; } = [];

    [Id(9)] internal byte[] LastBytes { get; init; } = [];

    [Id(10)] internal byte[] LastOffsetBytes { get; init; } = [];

    [Id(11)] internal byte[] RevisionBytes { get; init; } = [];

    [Id(12)] internal byte[] DistinctBytes { get; init; } = [];

    [Id(13)] internal byte[][] QuantileBytes { get; init; } = [];

    /// <summary>The window as an object, made anew each time; numbers that were not asked for are NaN, and 0 for <see cref="WindowAggregate.Revision"/>.</summary>
    public WindowAggregate this[int index]
    {
        get
        {
            var start = Starts[index];
            var (count, sum) = (Counts[index], At(Sums, index));
            var last = LastOffsets;
            var quantiles = Distincts.IsEmpty || Distincts[index] < 0 ? new QuantileValue[OfQuantiles.Length] : [];
            for (var i = 0; i < quantiles.Length; i++)
            {
                quantiles[i] = new QuantileValue(OfQuantiles[i], Quantiles(i)[index]);
            }

            return new WindowAggregate
            {
                Start = Instant(start),
                End = Instant(start + Sizes[index]),
                Final = Finals[index] != 0,
                Count = count,
                Sum = sum,
                Min = At(Mins, index),
                Max = At(Maxs, index),
                Mean = sum / count,
                Last = At(Lasts, index),
                LastUpdated = Instant(start + (last.IsEmpty ? 0 : last[index])),
                Quantiles = quantiles,
                Distinct = Distincts.IsEmpty || Distincts[index] < 0 ? null : Distincts[index],
                Revision = Revisions.IsEmpty ? 0 : Revisions[index],
            };
        }
    }

    /// <summary>The quantiles of one probability.</summary>
    /// <param name="place">Place in <see cref="Probabilities"/>.</param>
    public ReadOnlySpan<double> Quantiles(int place) => Of<double>(QuantileBytes[place]);

    /// <summary>An instant of the columns, kept within the calendar: windows at its ends may reach beyond.</summary>
    public static DateTimeOffset Instant(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <inheritdoc/>
    public IEnumerator<WindowAggregate> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static ReadOnlySpan<T> Of<T>(byte[] bytes)
        where T : struct => MemoryMarshal.Cast<byte, T>(bytes);

    private static double At(ReadOnlySpan<double> column, int index) => column.IsEmpty ? double.NaN : column[index];
}
