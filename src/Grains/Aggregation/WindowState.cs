namespace OrleansMetrics.Grains.Aggregation;

/// <summary>One window in full, taken out of where it is kept to be described, checked or opened. Used again from window to window.</summary>
internal sealed class WindowState
{
    private readonly ExponentialHistogram _sketch = new();
    private HyperLogLog? _elements;
    private BitCopy? _bits;
    private bool _isCoded;

    public long Start { get; set; }

    public int Size { get; set; }

    public long Count { get; set; }

    public double Sum { get; set; }

    public double Min { get; set; }

    public double Max { get; set; }

    public double Last { get; set; }

    /// <summary>Event time of <see cref="Last"/>, milliseconds after the start.</summary>
    public int LastOffset { get; set; }

    /// <summary>The points are elements of a set: there is <see cref="Elements"/>, and neither values nor sketch.</summary>
    public bool IsSet { get; set; }

    /// <summary>Of a set: all elements.</summary>
    public HyperLogLog Elements => _elements ??= new HyperLogLog();

    /// <summary>How many of the points came after the window was final, as far as whoever merges windows knows.</summary>
    public long Revision { get; set; }

    /// <summary>All values.</summary>
    public ExponentialHistogram Sketch
    {
        get
        {
            if (_isCoded)
            {
                Decode();
            }

            return _sketch;
        }
    }

    /// <summary>The sketch as bits, if it was read so and nobody has looked into it; else null.</summary>
    public BitCopy? CodedSketch => _isCoded ? _bits : null;

    public long End => Start + Size;

    /// <summary>Forgets all values.</summary>
    public void ClearSketch()
    {
        _isCoded = false;
        _sketch.Clear();
    }

    /// <summary>Reads the sketch of more than eight points, in the form of snapshots.</summary>
    /// <param name="input">Stands at it, and behind it afterwards.</param>
    /// <param name="reading">How; not at all still checks it.</param>
    /// <exception cref="InvalidDataException">The bits are no sketch of this window.</exception>
    public void ReadSketch(ref BitReader input, SketchReading reading)
    {
        var at = input.Position;
        WindowCodec.ReadSketch(ref input, this, reading == SketchReading.Full ? _sketch : null);
        if (reading == SketchReading.Bits)
        {
            input.CopyFrom(at, _bits ??= new BitCopy());
            _isCoded = true;
        }
    }

    private void Decode()
    {
        _isCoded = false;
        var bits = _bits!.Open();
        WindowCodec.ReadSketch(ref bits, this, _sketch);
    }
}
