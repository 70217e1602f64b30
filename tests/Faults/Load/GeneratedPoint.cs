namespace OrleansMetrics.Faults.Load;

/// <summary>A point as a client sends it.</summary>
/// <param name="Metric">Its metric.</param>
/// <param name="Series">The one tag of its series and its value, as <c>request=17</c>: of this request only, or <c>client=2</c>: of all of a client.</param>
/// <param name="Value">A whole number, so that sums are exact.</param>
/// <param name="Time">Event time, Unix milliseconds; null: the gateway's clock.</param>
internal sealed record GeneratedPoint(string Metric, string Series, long Value, long? Time)
{
    public string TagName => Series[..Series.IndexOf('=', StringComparison.Ordinal)];

    public string TagValue => Series[(Series.IndexOf('=', StringComparison.Ordinal) + 1)..];
}
