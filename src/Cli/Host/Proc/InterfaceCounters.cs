namespace OrleansMetrics.Cli.Host.Proc;

/// <summary>A line of <c>/proc/net/dev</c>: what a network interface has done since boot.</summary>
internal sealed record InterfaceCounters(
    string Name,
    ulong ReceivedBytes, ulong ReceivedPackets, ulong ReceiveErrors, ulong ReceiveDrops,
    ulong SentBytes, ulong SentPackets, ulong SendErrors, ulong SendDrops)
{
    /// <summary>Reads the file's content. The name may touch the first number (<c>eth0:123</c>) and may itself have colons (<c>eth0:1:123</c>).</summary>
    public static InterfaceCounters[] Parse(string content)
    {
        var interfaces = new List<InterfaceCounters>();
        foreach (var line in ProcFields.Lines(content))
        {
            var colon = line.LastIndexOf(':');
            if (colon < 0)
            {
                continue;
            }
            var fields = ProcFields.Split(line[(colon + 1)..]);
            if (fields.Length >= 12)
            {
                interfaces.Add(new InterfaceCounters(
                    line[..colon].Trim(),
                    ProcFields.Counter(fields, 0), ProcFields.Counter(fields, 1), ProcFields.Counter(fields, 2), ProcFields.Counter(fields, 3),
                    ProcFields.Counter(fields, 8), ProcFields.Counter(fields, 9), ProcFields.Counter(fields, 10), ProcFields.Counter(fields, 11)));
            }
        }
        return [.. interfaces];
    }
}
