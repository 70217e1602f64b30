namespace OrleansMetrics.Streams.Batching;

/// <summary>The names under which reasons appear in answers and counters.</summary>
public static class RejectReasonNames
{
    private static readonly string[] Names =
    [
        "malformed", "empty_name", "invalid_name", "name_too_long", "empty_tag", "duplicate_tag", "tag_too_long", "too_many_tags",
        "invalid_value", "not_finite", "invalid_timestamp", "too_far_ahead", "line_too_long", "series_id_collision",
        "too_many_metrics", "invalid_kind", "kind_conflict", "negative_counter",
    ];

    /// <summary>How many reasons there are.</summary>
    public static int Count => Names.Length;

    /// <summary>The reason in snake case.</summary>
    public static string Name(this RejectReason reason) => Names[(int)reason];
}
