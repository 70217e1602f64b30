namespace OrleansMetrics.Cli.Host.Proc;

/// <summary><c>/proc/meminfo</c>, in bytes.</summary>
internal sealed record MemoryInfo(
    ulong Total, ulong Available, ulong Free, ulong Buffered, ulong Cached, ulong Shared, ulong SwapTotal, ulong SwapFree)
{
    /// <summary>Memory that is not available to a new program without swapping.</summary>
    public ulong Used => Total > Available ? Total - Available : 0;

    /// <summary>Swap in use.</summary>
    public ulong SwapUsed => SwapTotal > SwapFree ? SwapTotal - SwapFree : 0;

    /// <summary>Reads the file's content. Kernels before 3.14 do not say what is available: then free, buffered and cached memory is.</summary>
    public static MemoryInfo Parse(string content)
    {
        var values = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var line in ProcFields.Lines(content))
        {
            var fields = ProcFields.Split(line);
            if (fields.Length >= 2)
            {
                var kibibytes = fields.Length > 2 && fields[2] == "kB";
                values[fields[0].TrimEnd(':')] = ProcFields.Counter(fields, 1) * (kibibytes ? 1024UL : 1);
            }
        }
        ulong Value(string name) => values.GetValueOrDefault(name);
        var guess = Value("MemFree") + Value("Buffers") + Value("Cached");
        return new MemoryInfo(
            Value("MemTotal"), values.GetValueOrDefault("MemAvailable", guess), Value("MemFree"), Value("Buffers"),
            Value("Cached"), Value("Shmem"), Value("SwapTotal"), Value("SwapFree"));
    }
}
