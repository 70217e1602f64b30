namespace OrleansMetrics.Streams.Redis;

/// <summary>What append.lua returns; its head describes the fields.</summary>
internal sealed class AppendReply
{
    private AppendReply(string[] fields)
    {
        First = Invariant.Int64(fields[2]);
        IngestedAt = Invariant.Int64(fields[3]);
        PointsBefore = Invariant.Int64(fields[4]);
        GapAfter = Invariant.Int64(fields[5]);
        Groups = fields[6].Split(',');
    }

    /// <summary>Position of the first record written.</summary>
    public long First { get; }

    public long IngestedAt { get; }

    /// <summary>Points in the log before that record.</summary>
    public long PointsBefore { get; }

    /// <summary>Position before a gap that was written; −1: none.</summary>
    public long GapAfter { get; }

    /// <summary>Per group <c>A</c>, <c>F</c>, or <c>R</c> with the indexes of known keys.</summary>
    public string[] Groups { get; }

    public static AppendReply Parse(string text) => new(text.Split(' '));
}
