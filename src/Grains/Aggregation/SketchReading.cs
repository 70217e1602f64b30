namespace OrleansMetrics.Grains.Aggregation;

/// <summary>What becomes of the sketch of a window of many points when the window is read.</summary>
internal enum SketchReading
{
    /// <summary>It is not wanted.</summary>
    None,

    /// <summary>It is wanted.</summary>
    Full,

    /// <summary>It is wanted as the bits that it is, and in full only if somebody looks into it.</summary>
    Bits,
}
