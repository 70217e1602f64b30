namespace OrleansMetrics.Streams.Batching;

/// <summary>Where the raw bytes of a series come from; the same bytes may mean another series in another format.</summary>
public enum RawFormat : byte
{
    /// <summary>Influx line protocol: measurement and tags as written, with the field's name.</summary>
    LineProtocol = 1,

    /// <summary>JSON: the tags object as written, with the metric's name.</summary>
    Json = 2,

    /// <summary>Orleans clients: tags as length-prefixed UTF-8 in the order given, with the metric's name.</summary>
    Client = 3,
}
