namespace OrleansMetrics.Gateway.Protocols.Influx;

/// <summary>A line of good grammar whose series are still to be found.</summary>
internal struct LineHeader
{
    /// <summary>Where the line begins in the text, as it is shown.</summary>
    public int At;

    /// <summary>Its length without the line feed.</summary>
    public int Length;
    public int SeriesAt;
    public int SeriesLength;
    public int FirstField;
    public int EndField;
    public int IgnoredFields;
    public long Number;
    public long Time;
}
