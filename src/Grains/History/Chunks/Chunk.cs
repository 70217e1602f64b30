using OrleansMetrics.Contracts.Series;
using OrleansMetrics.Grains.Aggregation;

namespace OrleansMetrics.Grains.History.Chunks;

/// <summary>A chunk that has been checked and can be read series by series; windows are read when they are wanted.</summary>
internal sealed class Chunk
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _version;
    private readonly byte _form;

    private Chunk(ReadOnlyMemory<byte> bytes, int version, byte form, List<ChunkSeries> series) => (_bytes, _version, _form, Series) = (bytes, version, form, series);

    /// <summary>The windows are of a set.</summary>
    public bool IsSet => _form is ChunkFormat.SetRows or ChunkFormat.SetColumns;

    /// <summary>The series. One may be there more than once.</summary>
    public IReadOnlyList<ChunkSeries> Series { get; }

    /// <summary>What the chunk takes in memory, estimated.</summary>
    public long Bytes => _bytes.Length + Series.Sum(static series => 80L + (series.Key?.Length ?? 0));

    /// <summary>Checks the frame and finds the series.</summary>
    /// <exception cref="InvalidDataException">The bytes are no chunk, or damaged.</exception>
    public static Chunk Parse(ReadOnlyMemory<byte> bytes)
    {
        var (version, form) = ChunkFormat.Check(bytes.Span);
        var body = bytes[ChunkFormat.HeaderLength..^ChunkFormat.TrailerLength];
        var input = new SnapshotReader(body.Span);
        var series = new List<ChunkSeries>();
        byte[] previous = [];
        var keys = 0L;
        while (!input.AtEnd)
        {
            var windows = input.ReadCount();
            if (windows < 1 || windows > (form is ChunkFormat.Columns or ChunkFormat.SetColumns ? ChunkFormat.MaxWindows : body.Length))
            {
                throw new InvalidDataException($"A series of a chunk has {windows} windows.");
            }

            var head = input.ReadVarint();
            byte[]? key = null;
            if ((head & 2) != 0)
            {
                key = ReadKey(ref input, head >> 2, previous);
                keys += key.Length;
                previous = key;
                if (keys > ChunkFormat.MaxKeysIn(bytes.Length) + ChunkFormat.MaxKeyBytes)
                {
                    throw new InvalidDataException("The keys of a chunk are too long.");
                }
            }

            var id = (head & 1) != 0 ? input.ReadUInt64() : key is null ? throw new InvalidDataException("A series of a chunk has no identity.") : SeriesKey.Hash(key);
            var at = body.Length - input.Remaining;
            Skip(ref input, form);
            series.Add(new ChunkSeries(id, key, (int)windows, at, body.Length - input.Remaining - at));
        }

        return new Chunk(body, version, form, series);
    }

    /// <summary>Reads windows of one series, in order.</summary>
    /// <param name="series">Of this chunk.</param>
    /// <param name="columns">Room for columns.</param>
    /// <param name="sketches">How to read sketches of more than eight points.</param>
    /// <param name="into">Where to.</param>
    /// <exception cref="InvalidDataException">The windows are none.</exception>
    public void Read(in ChunkSeries series, SeriesColumns columns, SketchReading sketches, WindowPool into)
    {
        var cursor = Open(series, columns, sketches);
        while (cursor.HasMore)
        {
            cursor.Read(into.Take());
        }
    }

    /// <summary>Begins to read windows of one series, in order, one by one.</summary>
    /// <param name="series">Of this chunk.</param>
    /// <param name="columns">Room for columns, which are the cursor's until the next call.</param>
    /// <param name="sketches">How to read sketches of more than eight points.</param>
    /// <exception cref="InvalidDataException">The columns are none.</exception>
    public WindowCursor Open(in ChunkSeries series, SeriesColumns columns, SketchReading sketches)
    {
        var bytes = _bytes.Span.Slice(series.Offset, series.Length);
        var input = new SnapshotReader(bytes);
        if (_form is ChunkFormat.Rows or ChunkFormat.SetRows)
        {
            return new WindowCursor(input, series.Windows, IsSet, sketches);
        }

        columns.IsSet = IsSet;
        columns.Read(series.Windows, input.ReadBytes(input.ReadCount()), _version);
        return new WindowCursor(columns, series.Windows, input.ReadBytes(input.ReadCount()), IsSet ? SketchReading.Full : sketches);
    }

    private static byte[] ReadKey(ref SnapshotReader input, ulong shared, byte[] previous)
    {
        var length = input.ReadCount();
        if (shared > (ulong)previous.Length || length > input.Remaining || length + (long)shared > ChunkFormat.MaxKeyBytes)
        {
            throw new InvalidDataException("A key of a chunk is longer than what is there.");
        }

        byte[] key = [.. previous.AsSpan(0, (int)shared), .. input.ReadBytes(length)];
        return SeriesKey.IsCanonical(key) ? key : throw new InvalidDataException("The key of a series is none.");
    }

    private static void Skip(ref SnapshotReader input, byte form)
    {
        if (form is ChunkFormat.Rows or ChunkFormat.SetRows)
        {
            input.ReadZigzag();
            input.ReadCount();
            input.ReadBytes(input.ReadCount());
            return;
        }

        input.ReadBytes(input.ReadCount());
        input.ReadBytes(input.ReadCount());
    }
}
