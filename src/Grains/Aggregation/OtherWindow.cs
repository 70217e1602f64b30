namespace OrleansMetrics.Grains.Aggregation;

/// <summary>An open window that is not in its series' record: another than that of the last point, or of another size.</summary>
internal struct OtherWindow
{
    public WindowCell Cell;

    /// <summary>Length in milliseconds: that of the settings under which the window was opened.</summary>
    public long Size;
}
