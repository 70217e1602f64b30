namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What points do not touch of a series: its key and its packed windows.</summary>
internal struct SeriesHistory
{
    private const int Defined = 1;
    private const int Collision = 2;
    private const int Gaps = 4;
    private const int FlagBits = 3;

    /// <summary>
    /// Watermark when the series was last defined, opened a window or was refused, but not before the end of any of its windows; Unix milliseconds.
    /// Points within a window do not change it.
    /// </summary>
    public long Seen;

    /// <summary>Before the first packed window: the end and the length of a window, as if there were one.</summary>
    public long From;
    public int FromSize;

    /// <summary>Block with the packed windows in order, and how many bytes and windows they are. 0: there are none.</summary>
    public uint Packed;
    public int PackedBytes;
    public int PackedWindows;

    /// <summary>Block with the canonical key; 0 when it is empty or not known.</summary>
    public uint Key;

    private int _flags;

    /// <summary>The definition has come.</summary>
    public readonly bool IsDefined => (_flags & Defined) != 0;

    public readonly int KeyLength => _flags >> FlagBits;

    /// <summary>Two keys claim this identity: its points cannot be told apart any more and are not taken.</summary>
    public bool IsCollided
    {
        readonly get => (_flags & Collision) != 0;
        set => _flags = value ? _flags | Collision : _flags & ~Collision;
    }

    /// <summary>Packed windows are not known to follow each other without a gap, all of one length.</summary>
    public bool HasGaps
    {
        readonly get => (_flags & Gaps) != 0;
        set => _flags = value ? _flags | Gaps : _flags & ~Gaps;
    }

    /// <summary>Forgets the key, whose block the caller gives back, and that it collided.</summary>
    public void Undefine()
    {
        Key = 0;
        _flags &= Gaps;
    }

    public void Define(uint key, int length)
    {
        Key = key;
        _flags |= Defined | (length << FlagBits);
    }
}
