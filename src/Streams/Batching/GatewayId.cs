using System.Text;

namespace OrleansMetrics.Streams.Batching;

/// <summary>The name under which this process processes points; stable across restarts.</summary>
public sealed class GatewayId(string name)
{
    /// <summary>As statistics show it.</summary>
    public string Name { get; } = name;

    /// <summary>As batches carry it.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; } = Encoding.UTF8.GetBytes(name);
}
