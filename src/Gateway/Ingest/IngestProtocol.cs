namespace OrleansMetrics.Gateway.Ingest;

/// <summary>The wire formats in which points are posted.</summary>
public enum IngestProtocol
{
    /// <summary>Influx line protocol.</summary>
    LineProtocol,

    /// <summary>JSON points.</summary>
    Json,
}
