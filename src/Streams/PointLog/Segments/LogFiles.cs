using System.Globalization;

namespace OrleansMetrics.Streams.PointLog.Segments;

/// <summary>The files of the log and their names.</summary>
internal sealed class LogFiles(string directory)
{
    private const string SegmentSuffix = ".seg";
    private const string IndexSuffix = ".idx";
    private const string NewSuffix = ".new";

    public string Directory { get; } = directory;

    /// <summary>Held by the process that has the log open.</summary>
    public string Lock => Path.Combine(Directory, "lock");

    public string State => Path.Combine(Directory, "state");

    /// <summary>Where records that cannot be read are set aside.</summary>
    public string Aside => Path.Combine(Directory, "aside");

    public string Segment(long number) => Path.Combine(Directory, Name(number) + SegmentSuffix);

    public string Index(long number) => Path.Combine(Directory, Name(number) + IndexSuffix);

    /// <summary>Numbers of the segments there are, in order.</summary>
    public long[] Segments() => Numbers(SegmentSuffix);

    /// <summary>Numbers of the indexes there are, in order. An index may outlive its segment.</summary>
    public long[] Indexes() => Numbers(IndexSuffix);

    /// <summary>Puts a file in the place of another, durably, and either whole or not at all.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var fresh = path + NewSuffix;
        try
        {
            using (var handle = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(handle, bytes, 0);
                RandomAccess.FlushToDisk(handle);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch (IOException)
        {
            // Half of it would only take room where there is none.
            File.Delete(fresh);
            throw;
        }

        DirectorySync.Flush(Path.GetDirectoryName(path)!);
    }

    private static string Name(long number) => number.ToString("D20", CultureInfo.InvariantCulture);

    private long[] Numbers(string suffix) =>
    [
        .. System.IO.Directory.EnumerateFiles(Directory, "*" + suffix)
            .Select(static file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(static number => number is > 0 and <= int.MaxValue)
            .Order(),
    ];
}
